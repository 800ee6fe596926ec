namespace EdgeLearn.Datasets;

/// <summary>One file of a known set: its name, its exact length, and the SHA-256 of its bytes as they are published.</summary>
readonly record struct KnownFile(string Name, long Bytes, string Sha256);

/// <summary>A data set that is known by name: where it may lie, and where its publisher keeps it.</summary>
sealed record KnownData(string Name, string Folder, Uri[] Mirrors, KnownFile[] Files)
{
    /// <summary>Shape of an input where its files do not tell it.</summary>
    public Shape? InputShape { get; init; }

    /// <summary>How windows are cut where the folder holds long series; null where it holds samples.</summary>
    public SeriesCut? Cut { get; init; }

    /// <summary>All names that <c>--data</c> knows.</summary>
    public static IReadOnlyList<KnownData> All { get; } =
    [
        // The two public copies of the files that yann.lecun.com no longer serves reliably.
        new(
            "mnist",
            "mnist",
            [new("https://ossci-datasets.s3.amazonaws.com/mnist/"), new("https://storage.googleapis.com/cvdf-datasets/mnist/")],
            [
                new("train-images-idx3-ubyte.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                new("train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                new("t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                new("t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            ]),
        new(
            "fashion-mnist",
            "fashion-mnist",
            [new("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/")],
            [
                new("train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
                new("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
                new("t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
                new("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
            ]),

        // Carried by the repository.
        new("digits", "uci-optdigits", [], []) { InputShape = new Shape(8, 8) },

        // Read where they are found: their publishers ask to be visited, or serve other forms of them.
        new("cifar10", "cifar10", [], []),
        new("har-hapt", "har-hapt", [], []),
        new("kws-mfcc", "kws-mfcc-speechcommands", [], []),
        new("bearing-cwru", "bearing-cwru", [], []) { Cut = new SeriesCut("12k", TrainLoad: "0", TestLoad: "3") },
    ];

    /// <summary>The set of that name, or null.</summary>
    public static KnownData? Find(string name) => All.FirstOrDefault(known => known.Name == name);
}
