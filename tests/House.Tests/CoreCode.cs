using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace EdgeLearn.House.Tests;

/// <summary>A place that names something of another folder.</summary>
/// <param name="From">folder of the core that the place is in</param>
/// <param name="To">folder of what it names</param>
/// <param name="Place">file and line</param>
/// <param name="Name">what it names</param>
sealed record Arrow(string From, string To, string Place, string Name);

/// <summary>
/// The compiler's own model of the core: which folder names what of which other. Documentation comments may name anything.
/// </summary>
static class CoreCode
{
    /// <summary>All arrows between folders of the core.</summary>
    public static IReadOnlyList<Arrow> Arrows { get; } = FindArrows([.. Repository.SourcesUnder("runtime/EdgeLearn").Select(Parse)]);

    /// <summary>The arrows of some sources, with those of the framework behind them.</summary>
    public static IReadOnlyList<Arrow> FindArrows(IReadOnlyList<SyntaxTree> sources)
    {
        var compilation = CSharpCompilation.Create(
            "Core",
            [.. sources, Parse("", GlobalUsings)],
            ReferencesOfTests(),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true,
            nullableContextOptions: NullableContextOptions.Enable));
        var errors = compilation.GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !IsLeftToGenerator(diagnostic)).Take(3).ToList();
        if (errors.Count > 0) throw new InvalidOperationException($"the model of the core is incomplete: {string.Join("; ", errors)}");

        var arrows = new List<Arrow>();
        foreach (var source in sources) AddArrows(arrows, source, compilation.GetSemanticModel(source));
        return arrows;
    }

    // Bodies of imported functions and of JSON contexts, which source generators write in a build.
    static bool IsLeftToGenerator(Diagnostic diagnostic) => diagnostic.Id is "CS8795" or "CS0534" or "CS0117" or "CS7036";

    static SyntaxTree Parse(string path) => Parse(path, File.ReadAllText(Path.Combine(Repository.Root, path)));

    /// <summary>A source that lies, or might lie, at a path of the repository.</summary>
    public static SyntaxTree Parse(string path, string text)
        => CSharpSyntaxTree.ParseText(text, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview), path);

    static void AddArrows(List<Arrow> arrows, SyntaxTree source, SemanticModel model)
    {
        string from = FolderOf(source.FilePath);
        foreach (var node in source.GetRoot().DescendantNodes())
        {
            if (node is not (SimpleNameSyntax or BaseObjectCreationExpressionSyntax or ElementAccessExpressionSyntax)) continue;
            if (model.GetSymbolInfo(node).Symbol?.OriginalDefinition is not { } symbol || symbol is INamespaceSymbol) continue;
            foreach (var declaration in symbol.DeclaringSyntaxReferences.Take(1))
            {
                string to = FolderOf(declaration.SyntaxTree.FilePath);
                int line = node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
                if (to != from) arrows.Add(new Arrow(from, to, $"{source.FilePath}:{line}", symbol.Name));
            }
        }
    }

    /// <summary>The folder right under the core that a source lies in.</summary>
    public static string FolderOf(string path)
    {
        string[] names = path.Split('/');
        return names.Length > 3 ? names[2] : "";
    }

    // What the framework and System.Numerics.Tensors offer, as this program runs on them.
    static IEnumerable<MetadataReference> ReferencesOfTests()
        => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name && name.StartsWith("System.", StringComparison.Ordinal)
            || path.EndsWith("Microsoft.Win32.Primitives.dll", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path));

    // Those of the SDK for a library.
    const string GlobalUsings = """
        global using global::System;
        global using global::System.Collections.Generic;
        global using global::System.IO;
        global using global::System.Linq;
        global using global::System.Net.Http;
        global using global::System.Threading;
        global using global::System.Threading.Tasks;
        """;
}
