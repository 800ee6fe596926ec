namespace EdgeLearn.Datasets;

/// <summary>Opens arrays as data sets: inputs, labels with the names of their classes, groups, the test part.</summary>
/// <param name="options">how they are to be read</param>
/// <param name="cache">where converted arrays are kept</param>
sealed class ArrayOpening(DataOptions options, FileCache cache)
{
    readonly List<string> _notices = [];

    /// <summary>Opens inputs without labels.</summary>
    /// <exception cref="EdgeLearnException">It is no array of numbers with samples.</exception>
    public DataSplit OpenInputs(string path, string name, Shape? shape)
    {
        using var opened = new OpenedFiles();
        var inputs = OpenInputs(path, options.InputShape ?? shape);
        opened.Add(inputs);
        var samples = new ArrayDataset(inputs, options.InputShape ?? shape);
        var split = DataSplit.FromWhole(samples, options with { TakesWhole = true }, name, path);
        opened.Keep();
        return split;
    }

    ArrayFile OpenInputs(string path, Shape? shape)
    {
        var inputs = ArrayFile.Open(path, cache);
        try
        {
            inputs.RefuseText();
            return inputs.Lay(options, shape, cache);
        }
        catch
        {
            inputs.Dispose();
            throw;
        }
    }

    /// <summary>Opens files of inputs and labels.</summary>
    /// <exception cref="EdgeLearnException">A file is damaged, or they do not fit each other.</exception>
    public DataSplit Open(string train, string trainLabels, string? test, string? testLabels, string name, string source, Shape? shape,
        string? groupFile, bool isSequence)
    {
        if (options.GroupColumn is { } group && groupFile is null)
        {
            throw new EdgeLearnException($"{source} is no csv and has no column '{group}' to group by, and no file with {group} in its "
                + $"name");
        }
        using var opened = new OpenedFiles();
        var known = options.InputShape ?? shape;
        var inputs = opened.Add(OpenInputs(train, known));
        var labels = opened.Add(ArrayFile.Open(trainLabels, cache));
        var testInputs = test is null ? null : opened.Add(OpenInputs(test, known));
        var testTargets = testLabels is null ? null : opened.Add(ArrayFile.Open(testLabels, cache));
        if (inputs.Header.Dimensions < 2)
            throw new EdgeLearnException($"{train} has 1 dimension; expected 2 to 4: samples, then the shape of an input");
        using var groups = groupFile is null ? null : ArrayLabels.Groups(ArrayFile.Open(groupFile, cache));
        string[]? classNames = null;
        int classCount = 0;
        if (options.Regression)
        {
            labels.RefuseText();
            testTargets?.RefuseText();
        }
        else
        {
            var classes = ArrayLabels.Read(labels, testTargets, Directory.Exists(source) ? source : null);
            (labels, testTargets, classNames, classCount) = (classes.Train, classes.Test, classes.Names, classes.ClassCount);
            if (classes.Notice is { } notice) _notices.Add(notice);
        }

        var split = Split(opened, inputs, labels, testInputs, testTargets, name, source, shape, classNames, groups, isSequence,
            classCount);

        // Classes are in memory by now; real targets are read from their file.
        if (!options.Regression)
        {
            labels.Dispose();
            testTargets?.Dispose();
        }

        return split;
    }

    /// <summary>Makes a set of opened files; they are closed unless it succeeds.</summary>
    public DataSplit Split(OpenedFiles opened, ArrayFile inputs, ArrayFile labels, ArrayFile? testInputs, ArrayFile? testLabels,
        string name, string source, Shape? shape, string[]? classNames, ArrayFile? groups, bool isSequence = false, int leastClasses = 0)
    {
        shape = options.InputShape ?? shape;
        Dataset train;
        Dataset? test = null;
        if (options.Regression)
        {
            train = new ArrayDataset(inputs, labels, shape);
            if (testInputs is not null) test = new ArrayDataset(testInputs, testLabels!, shape);
        }
        else
        {
            var classes = LabelList.Read(labels);
            var testClasses = testLabels is null ? null : LabelList.Read(testLabels);
            if (classNames is null && Directory.Exists(source) && ClassNameFile.Find(source) is { } names)
            {
                classNames = names.NamesOf(LabelList.Used(classes, testClasses), out string? notice);
                if (notice is not null) _notices.Add(notice);
            }

            int classCount = Math.Max(Math.Max(leastClasses, classNames?.Length ?? 0),
                Math.Max(classes.ClassCount, testClasses?.ClassCount ?? 0));
            if (ByModel(classes, testClasses, classNames, name) is var (own, other, model))
                (classes, testClasses, classNames, classCount) = (own, other, model.Names?.ToArray(), model.Count);
            train = new ArrayDataset(inputs, classes, classCount, shape);
            if (testInputs is not null) test = new ArrayDataset(testInputs, testClasses!, classCount, shape);
        }

        var split = test is null
            ? DataSplit.FromWhole(train, options, name, source, groups is null ? null : DataSplit.GroupsOf(train, groups))
            : DataSplit.FromParts(train, test, name, source);
        split.IsSequence = isSequence && split.InputShape.Rank == 2;
        split.ClassNames = classNames;
        split.Notes = [.. _notices, .. cache.Notice is { } held ? [held] : (string[])[]];
        if (groups is not null && test is not null) split.TrainGroups = DataSplit.GroupsOf(train, groups);
        opened.Keep();
        return split;
    }

    // Null where the data are read by their own classes.
    (LabelList Own, LabelList? Other, KnownClasses Model)? ByModel(LabelList own, LabelList? other, string[]? names, string name)
    {
        if (KnownClasses.OfModel(options) is not { } model) return null;
        string? unknown = null;
        var first = ModelClasses.Of(own, names, model, out string? unknownFirst);
        var second = other is null ? null : ModelClasses.Of(other, names, model, out unknown);
        unknown = unknownFirst ?? unknown;
        if (unknown is null) return (first!, second, model);
        return options.AllowsOtherClasses
            ? null
            : throw new EdgeLearnException($"{name}: the {unknown} is none of the classes of the model ({model.Text}): put a classes.txt "
                + $"with the names beside the data, {KnownClasses.Remedy}");
    }
}
