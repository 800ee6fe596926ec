namespace EdgeLearn.Datasets;

/// <summary>Files that are closed again unless the work they were opened for succeeds.</summary>
sealed class OpenedFiles : IDisposable
{
    readonly List<ArrayFile> _files = [];

    public ArrayFile Add(ArrayFile file)
    {
        _files.Add(file);
        return file;
    }

    /// <summary>The work succeeded: the files belong to its result.</summary>
    public void Keep() => _files.Clear();

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }
}
