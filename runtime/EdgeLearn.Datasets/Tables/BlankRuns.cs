using System.Text;

namespace EdgeLearn.Datasets;

/// <summary>Texts whose cells are separated by runs of blanks.</summary>
static class BlankRuns
{
    /// <summary>Makes one tab of each run between cells, and nothing of those at the ends of lines; those within quotes stay.</summary>
    /// <param name="lines">whole lines, changed in place</param>
    /// <returns>Bytes that are left.</returns>
    public static int Collapse(Span<byte> lines)
    {
        int to = 0;
        bool quoted = false, pending = false, atStart = true;
        foreach (byte b in lines)
        {
            if (!quoted && b is (byte)' ' or (byte)'\t')
            {
                pending = !atStart;
                continue;
            }

            bool breaks = b is (byte)'\n' or (byte)'\r';
            if (pending && !breaks) lines[to++] = (byte)'\t';
            pending = false;
            if (b == '"') quoted = !quoted;
            atStart = breaks && !quoted;
            lines[to++] = b;
        }

        return to;
    }

    /// <summary>The same for one line.</summary>
    public static string Collapse(string line)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        return Encoding.UTF8.GetString(bytes, 0, Collapse(bytes));
    }
}
