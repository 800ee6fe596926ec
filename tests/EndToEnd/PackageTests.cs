using System.IO.Compression;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>The packages of the library, made from what ./test has built, in the hands of a C# user with an empty project.</summary>
public sealed class PackageTests : IDisposable
{
    static readonly string[] s_packages =
        ["EdgeLearn", "EdgeLearn.Datasets", "EdgeLearn.Device", "EdgeLearn.OnnxRuntime", "EdgeLearn.Protocol"];

    readonly string _folder = Directory.CreateTempSubdirectory("edgelearn-packages-").FullName;

    [Fact]
    public void An_empty_console_project_restores_the_packages_and_runs_the_example_of_the_readme()
    {
        string version = $"0.1.0-test.{Environment.ProcessId}", feed = Path.Combine(_folder, "feed"), app = Path.Combine(_folder, "app");
        Expect(Dotnet("pack", Repository.PathOf("EdgeLearn.sln"), "-c", "Release", "--no-build", "-v", "minimal", "-o", feed,
            $"-p:Version={version}"));
        Assert.Equal(s_packages.Order(), Directory.GetFiles(feed, "*.nupkg").Select(IdOf).Order());
        Assert.Equal(s_packages.Order(), Directory.GetFiles(feed, "*.snupkg").Select(IdOf).Order());
        foreach (string path in Directory.GetFiles(feed, "*.nupkg")) CheckContent(path);

        Directory.CreateDirectory(app);
        File.WriteAllText(Path.Combine(app, "nuget.config"),
            $"<configuration><packageSources><add key=\"feed\" value=\"{feed}\" /></packageSources></configuration>");
        File.WriteAllText(Path.Combine(app, "Directory.Build.props"), "<Project />");
        // What the build has restored already need not come again.
        File.WriteAllText(Path.Combine(app, "app.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RestorePackagesPath>{Path.Combine(_folder, "restored")}</RestorePackagesPath>
                <RestoreFallbackFolders>{RestoredPackages()}</RestoreFallbackFolders>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                {string.Join('\n', s_packages.Select(id => $"<PackageReference Include=\"{id}\" Version=\"{version}\" />"))}
              </ItemGroup>
            </Project>
            """);
        var programs = Examples("README.md");
        Assert.Equal(2, programs.Count);
        const string Using = "using EdgeLearn;";
        File.WriteAllText(Path.Combine(app, "Program.cs"), programs[0] + "Second.Run();\n");
        Assert.StartsWith(Using, programs[1], StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(app, "Second.cs"),
            $"{Using} static class Second {{ public static void Run() {{ {programs[1][Using.Length..]} }} }}");
        var shown = Examples("docs", "library.md");
        Assert.Equal(2, shown.Count);
        for (int i = 0; i < shown.Count; i++) File.WriteAllText(Path.Combine(app, $"Shown{i}.cs"), shown[i]);
        File.WriteAllText(Path.Combine(app, "OneOfEach.cs"), """
            static class OneOfEach
            {
                static readonly System.Type[] s_types =
                [
                    typeof(EdgeLearn.Network), typeof(EdgeLearn.Datasets.DataCatalog), typeof(EdgeLearn.Device.DeviceAgent),
                    typeof(EdgeLearn.OnnxRuntime.OrtForwardPass), typeof(EdgeLearn.Protocol.UpdateCodec),
                ];
            }
            """);
        Expect(Dotnet("build", app, "-c", "Release", "-v", "minimal", "-o", Path.Combine(_folder, "out")));
        var run = Repository.Run("/bin/sh", s_variables, "-c", $"cd '{_folder}' && exec dotnet exec out/app.dll"); // leaves its model there
        Expect(run);
        double[] accuracies = [.. run.Output.Trim().Split('\n')[^2..].Select(line
            => double.Parse(line, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.InRange(accuracies[0], 0.95, 1);
        Assert.InRange(accuracies[1], 0.9, 1);
    }

    static string IdOf(string path) => Path.GetFileName(path).Split(".0.1.0-")[0];

    // Documentation, README and licence travel with the assembly.
    static void CheckContent(string path)
    {
        using var package = ZipFile.OpenRead(path);
        string id = IdOf(path);
        foreach (string name in (string[])[$"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", "README.md"])
            Assert.True(package.GetEntry(name) is { Length: > 0 }, $"{id}: no {name}");
        using var nuspec = new StreamReader(package.GetEntry($"{id}.nuspec")!.Open());
        string text = nuspec.ReadToEnd();
        Assert.Contains("<license type=\"expression\">Apache-2.0</license>", text, StringComparison.Ordinal);
        Assert.Contains("<readme>README.md</readme>", text, StringComparison.Ordinal);
    }

    // The blocks of code of a document.
    static List<string> Examples(params string[] document)
        => [.. File.ReadAllText(Repository.PathOf(document)).Split("```csharp\n").Skip(1).Select(block => block.Split("```")[0])];

    static string RestoredPackages()
        => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    static readonly Dictionary<string, string?> s_variables = new()
    {
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "1",
    };

    static Run Dotnet(params string[] arguments) => Repository.Run("dotnet", s_variables, arguments);

    static void Expect(Run run) => Assert.True(run.ExitCode == 0, run.Output + run.Error);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
