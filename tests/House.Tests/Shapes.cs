using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace EdgeLearn.House.Tests;

/// <summary>What every source file looks like: how wide, how long, and how many types it shows to the world.</summary>
static class Shapes
{
    const int MostColumns = 140, MostLines = 300, MostLinesOfKernels = 400, MostPublicTypes = 3;

    /// <summary>Lines that are too wide.</summary>
    public static IEnumerable<string> WideLines(string path, string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].Length > MostColumns) yield return $"{path}:{i + 1}: {lines[i].Length} columns, at most {MostColumns}";
        }
    }

    /// <summary>Whether the file is too long.</summary>
    public static IEnumerable<string> LongFiles(string path, string text)
    {
        int lines = text.TrimEnd('\n').Split('\n').Length;
        int most = path.Contains("/Kernels/", StringComparison.Ordinal) ? MostLinesOfKernels : MostLines;
        if (lines > most) yield return $"{path}:{most + 1}: {lines} lines, at most {most}: it holds more than one idea";
    }

    /// <summary>
    /// Namespaces that a file uses, where they are not in order: System first, then by name. Nothing quick and no build says so.
    /// </summary>
    public static IEnumerable<string> Usings(string path, string text)
    {
        string[] used = [.. CSharpSyntaxTree.ParseText(text).GetCompilationUnitRoot().Usings
            .Where(line => line.Alias is null && line.StaticKeyword.IsKind(SyntaxKind.None))
            .Select(line => line.Name!.ToString())];
        string[] sorted = [.. used.OrderBy(name => name.Split('.')[0] != "System")
            .ThenBy(name => name.Replace('.', '\0'), StringComparer.OrdinalIgnoreCase)];
        if (!used.SequenceEqual(sorted)) yield return $"{path}:1: using {string.Join(", ", used)}; in order: {string.Join(", ", sorted)}";
    }

    /// <summary>
    /// Public types that a file has too many of, or whose file has another name. A file of settings may have the name of what they set.
    /// </summary>
    public static IEnumerable<string> PublicTypes(string path, string text)
    {
        var types = PublicTypesOf(text);
        if (types.Count > MostPublicTypes)
            yield return $"{path}:{LineOf(types[MostPublicTypes])}: {types.Count} public types, at most {MostPublicTypes}";
        string name = Path.GetFileName(path).Split('.')[0];
        if (types.Count > 0 && NameOf(types[0]) != name && NameOf(types[0]) != name + "Settings")
            yield return $"{path}:{LineOf(types[0])}: the first public type is {NameOf(types[0])}, the file is called {name}";
    }

    static List<MemberDeclarationSyntax> PublicTypesOf(string text)
        => [.. CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes(node => node is not TypeDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>()
            .Where(member => member is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
            .Where(type => type.Modifiers.Any(SyntaxKind.PublicKeyword))];

    static string NameOf(MemberDeclarationSyntax type)
        => type is BaseTypeDeclarationSyntax named ? named.Identifier.Text : ((DelegateDeclarationSyntax)type).Identifier.Text;

    static int LineOf(MemberDeclarationSyntax type) => type.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
}
