using System.Runtime.InteropServices;

namespace EdgeLearn.Commands;

/// <summary>The window that a person reads in. What goes to a file or a pipe is never cut.</summary>
static partial class Terminal
{
    /// <summary>What a window has that does not tell.</summary>
    public const int UsualColumns = 80;

    /// <summary>Columns of the window that a writer prints to, as it is now; null where there is none.</summary>
    public static int? ColumnsOf(TextWriter writer)
    {
        if (ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected) return Columns(1);
        return ReferenceEquals(writer, Console.Error) && !Console.IsErrorRedirected ? Columns(2) : null;
    }

    // Console.WindowWidth sends the window codes that change its keys, and does not know it where only standard error is there.
    static int Columns(int file)
    {
        if (!OperatingSystem.IsLinux()) return Console.WindowWidth is > 0 and var width ? width : UsualColumns;
        return GetSize(file, GetWindowSize, out var size) == 0 && size.Columns > 0 ? size.Columns : UsualColumns;
    }

    /// <summary>A text with at most so many characters, with an ellipsis where there were more; no character is cut in two.</summary>
    public static string Cut(string text, int columns)
    {
        if (text.Length <= columns) return text;
        if (columns <= 0) return "";
        int end = columns - 1;
        if (end > 0 && char.IsHighSurrogate(text[end - 1])) end--;
        return text[..end] + "…";
    }

    /// <summary>Prints a line that, in a window, goes on between words.</summary>
    public static void WriteWords(TextWriter output, string text) => WriteWords(output, ColumnsOf(output), 0, text);

    /// <summary>Prints a text whose lines, in a window, end between words.</summary>
    /// <param name="output">where to</param>
    /// <param name="columns">of the window; null = there is none, and the text is one line</param>
    /// <param name="indent">spaces before all lines but the first</param>
    /// <param name="text">one line</param>
    public static void WriteWords(TextWriter output, int? columns, int indent, string text)
    {
        while (columns is { } most && text.Length > most)
        {
            int end = text.LastIndexOf(' ', Math.Max(0, most - 1));
            // A word that is longer than a line is left to the window.
            if (end <= indent) end = text.IndexOf(' ', indent);
            if (end <= indent) break;
            output.WriteLine(text[..end].TrimEnd());
            text = new string(' ', indent) + text[end..].TrimStart();
        }

        output.WriteLine(text);
    }

    const nuint GetWindowSize = 0x5413; // TIOCGWINSZ of x86 and arm

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int GetSize(int file, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
