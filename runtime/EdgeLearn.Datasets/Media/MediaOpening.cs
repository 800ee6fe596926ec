namespace EdgeLearn.Datasets;

/// <summary>Opens folders of images and WAV files as data sets: inputs, classes by the names of the folders, the test part.</summary>
/// <param name="options">how they are to be read</param>
/// <param name="cache">where inputs are kept</param>
sealed class MediaOpening(DataOptions options, FileCache cache)
{
    /// <summary>Opens a folder.</summary>
    /// <param name="folder">what was found</param>
    /// <param name="name">what the user calls it</param>
    /// <exception cref="EdgeLearnException">A file is damaged, an option does not fit, or a class is none of the model's.</exception>
    public DataSplit Open(MediaFolder folder, string name)
    {
        if (options.CountsOnly) return Counted(folder, name);
        RefuseOptions(folder);
        var classes = Classes(folder);
        MediaArrays arrays = folder.IsSound
            ? SoundArrays.Look(folder, name, options, cache)
            : ImageArrays.Look(folder, name, options, cache);
        using var opened = new OpenedFiles();
        var train = Samples(folder.Train);
        // What has no class is not divided.
        var split = folder.Test is { } test
            ? DataSplit.FromParts(train, Samples(test), name, folder.Path)
            : DataSplit.FromWhole(train, classes is null ? options with { TakesWhole = true } : options, name, folder.Path);
        split.ClassNames = classes?.Names;
        split.IsSequence = arrays.Inputs.IsSequence;
        split.Media = arrays.Inputs.ToString();
        split.TestFiles = folder.Test is null && !options.TakesWhole && classes is not null
            ? null
            : [.. (folder.Test ?? folder.Train).Select(file => file.Name)];
        split.Notes = [.. folder.Notes, .. arrays.Notes, .. cache.Notice is { } held ? [held] : (string[])[]];
        opened.Keep();
        return split;

        ArrayDataset Samples(IReadOnlyList<MediaFile> files)
        {
            var inputs = opened.Add(arrays.Open(files));
            return classes is null
                ? new ArrayDataset(inputs, arrays.Inputs.Shape)
                : new ArrayDataset(inputs, new LabelList([.. files.Select(file => classes.Places[file.Label])]), classes.Count,
                    arrays.Inputs.Shape);
        }
    }

    // A value of nothing for each file.
    DataSplit Counted(MediaFolder folder, string name)
    {
        return folder.Test is { } test
            ? DataSplit.FromParts(Zeros(folder.Train.Count), Zeros(test.Count), name, folder.Path)
            : DataSplit.FromWhole(Zeros(folder.Train.Count), options with { TakesWhole = true }, name, folder.Path);

        ArrayDataset Zeros(int count) => new(new ArrayFile(new ByteSource(new byte[count], name),
            new ArrayHeader(StoredNumber.UInt8, BigEndian: false, count, Shape.Vector(1), 1, 0)), null);
    }

    void RefuseOptions(MediaFolder folder)
    {
        string kind = folder.Kind;
        if (!folder.IsSound && options.Images is null)
        {
            throw new EdgeLearnException($"{folder.Path} holds images, which the host program reads (edgelearn train, evaluate, predict): "
                + "a board takes arrays, such as npy");
        }
        if (options.Regression) throw new EdgeLearnException($"{folder.Path}: {kind} have classes and no real targets: use cross-entropy");
        if (options.GroupColumn is { } group) throw new EdgeLearnException($"--group-column {group}: {kind} have no columns to group by");
        TableWords.Refuse(options, $"{kind} of a folder are samples, and their folders the classes");
        if (options.SplitByTime) throw new EdgeLearnException($"--split time: {kind} of a folder have no order in time");
        if (!folder.IsSound && (options.Audio is not null || options.AudioRate is not null))
            throw new EdgeLearnException($"--audio: {folder.Path} holds images; expected WAV files");
        if (folder.Classes.Count == 0 && options.NeedsLabels)
        {
            throw new EdgeLearnException($"{folder.Path} holds {kind} without classes; expected a folder for each class, with its name: "
                + $"CLASS/{folder.Train[0].Name}");
        }
    }

    // Null where the files have none.
    MediaClasses? Classes(MediaFolder folder)
    {
        var names = folder.Classes;
        if (names.Count == 0) return null;
        if (names.Count > LabelList.LargestClassCount)
        {
            throw new EdgeLearnException($"{folder.Path} has {names.Count} folders of classes; at most {LabelList.LargestClassCount} are "
                + "read");
        }

        if (KnownClasses.OfModel(options) is { } model)
        {
            int[] places = [.. names.Select(model.IndexOf)];
            int unknown = Array.IndexOf(places, -1);
            if (unknown < 0) return new(model.Names, model.Count, places);
            if (!options.AllowsOtherClasses)
            {
                throw new EdgeLearnException($"{folder.Path}: the folder '{CellText.Shorten(names[unknown])}' is none of the classes of "
                    + $"the model ({model.Text}): {KnownClasses.Remedy}");
            }
        }

        return new(names, names.Count, [.. names.Select((_, i) => i)]);
    }

    /// <summary>The classes that labels are counted by, and which of them each folder is.</summary>
    sealed class MediaClasses(IReadOnlyList<string>? names, int count, int[] places)
    {
        public IReadOnlyList<string>? Names => names;

        public int Count => count;

        public int[] Places => places;
    }
}
