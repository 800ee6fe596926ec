using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public class ArrayLabelsTests
{
    static readonly string[] s_texts = ["dog", "Ant", "k\u00E4t", "dog"];

    [Theory]
    [InlineData("<U4", "(4,)")]
    [InlineData(">U4", "(4,)")]
    [InlineData("|S4", "(4,)")]
    [InlineData("<U70", "(4, 1)")]
    [InlineData("|S200", "(4, 1, 1)")]
    public void Texts_are_names_of_classes_in_ordinal_order(string descriptor, string shape)
    {
        using var split = Open(ArrayBytes.NpyTexts(descriptor, shape, s_texts));
        Assert.Equal(["Ant", "dog", "k\u00E4t"], split.ClassNames);
        Assert.Equal([1, 0, 2, 1], split.Train.Labels());
        Assert.Empty(split.Notes);
    }

    [Fact]
    public void Texts_to_test_with_are_among_those_to_learn_from()
    {
        byte[] train = ArrayBytes.NpyTexts("<U3", "(4,)", "b", "a", "c", "a");
        using (var split = Open(train, ArrayBytes.NpyTexts("|S1", "(2,)", "c", "b"))) Assert.Equal([2, 1], split.Test.Labels());
        Assert.Contains("y_test.npy has the label 'x', which is not in y_train.npy",
            Message(train, ArrayBytes.NpyTexts("<U1", "(2,)", "x", "b")));
        Assert.Contains("one holds text and one numbers", Message(train, ArrayBytes.Npy("|u1", "(2,)", 0, 1)));
    }

    [Fact]
    public void What_is_no_name_is_refused_with_its_row()
    {
        Assert.Contains("the label of row 2 is empty", Message(ArrayBytes.NpyTexts("<U1", "(4,)", "a", "b", "", "a")));
        Assert.Contains("row 1 is 201 characters long", Message(ArrayBytes.NpyTexts("<U201", "(4,)", "a", new string('b', 201), "c", "a")));
        Assert.Contains("row 1 has a control character", Message(ArrayBytes.NpyTexts("<U3", "(4,)", "a", "b\nc", "c", "a")));
        byte[] latin = ArrayBytes.NpyText("{'descr': '|S1', 'fortran_order': False, 'shape': (4,), }", [65, 0xE4, 65, 65]);
        Assert.Contains("row 1 is no text", Message(latin));
        foreach (string code in (string[])["00D80000", "FFFFFF7F", "00001100"])
        {
            byte[] bytes = [.. new byte[] { 65, 0, 0, 0 }, .. Convert.FromHexString(code), 65, 0, 0, 0, 65, 0, 0, 0];
            byte[] wrong = ArrayBytes.NpyText("{'descr': '<U1', 'fortran_order': False, 'shape': (4,), }", bytes);
            Assert.Contains("row 1 is no text", Message(wrong));
        }

        Assert.Contains("y_train.npy holds text; expected numbers", Message(ArrayBytes.NpyTexts("<U1", "(4,)", "a", "b", "c", "a"),
            options: new DataOptions { Regression = true }));
        Assert.Contains("X_train.npy holds text", Message(ArrayBytes.Npy("|u1", "(4,)", 0, 1, 1, 0),
            inputs: ArrayBytes.NpyTexts("<U1", "(4,)", "a", "b", "c", "a")));
    }

    [Theory]
    [InlineData("|b1", "(4,)")]
    [InlineData(">u2", "(4, 1)")]
    [InlineData("<u8", "(4,)")]
    [InlineData("<f2", "(4, 1, 1)")]
    [InlineData(">f8", "(4,)")]
    public void Whole_numbers_of_any_kind_stay_as_they_are(string descriptor, string shape)
    {
        using var split = Open(ArrayBytes.Npy(descriptor, shape, 0, 1, 1, 0));
        Assert.Equal([0, 1, 1, 0], split.Train.Labels());
        Assert.Equal((2, null, null), (split.ClassCount, split.ClassNames, split.Notes.SingleOrDefault()));
    }

    [Fact]
    public void A_row_of_one_1_is_the_number_of_its_column()
    {
        double[] rows = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
        using (var split = Open(ArrayBytes.Npy("<f4", "(4, 4)", rows)))
        {
            Assert.Equal([1, 0, 2, 1], split.Train.Labels());
            Assert.Equal((4, null, null), (split.ClassCount, split.ClassNames, split.Notes.SingleOrDefault()));
        }

        using (var split = Open(ArrayBytes.Npy("|b1", "(4, 4)", rows), ArrayBytes.Npy("<i8", "(2,)", 3, 0)))
            Assert.Equal([3, 0], split.Test.Labels());
        foreach (double wrong in (double[])[0, 0.5, 2, double.NaN])
        {
            rows[4] = wrong;
            Assert.Contains("y_train.npy has 4 values a sample, and row 1 is not one 1 among zeros; expected one label each: save it with "
                + ".argmax(axis=1)", Message(ArrayBytes.Npy("<f8", "(4, 4)", rows)));
        }

        rows[4] = 0.5;
        using var regression = Open(ArrayBytes.Npy("<f8", "(4, 4)", rows), options: new DataOptions { Regression = true });
        Assert.Equal(4, regression.TargetLength);
        Assert.Contains("labels of 2x2 values", Message(ArrayBytes.Npy("|u1", "(4, 2, 2)", new double[16])));
    }

    [Fact]
    public void Negative_numbers_are_classes_in_their_order_and_said()
    {
        using (var split = Open(ArrayBytes.Npy("<i4", "(4,)", 1, -1, -1, 1)))
        {
            Assert.Equal([1, 0, 0, 1], split.Train.Labels());
            Assert.Equal(["-1", "1"], split.ClassNames);
            Assert.Equal("y_train.npy: some labels are negative, so the 2 different numbers (-1, 1) are classes in this order",
                split.Notes.SingleOrDefault());
        }

        using (var split = Open(ArrayBytes.Npy("<f4", "(4,)", 7, -30, -2, 7), ArrayBytes.Npy("|u1", "(2,)", 7, 7)))
        {
            Assert.Equal([2, 0, 1, 2], split.Train.Labels());
            Assert.Equal([2, 2], split.Test.Labels());
        }

        Assert.Contains("y_test.npy has the label 0, which is not in y_train.npy",
            Message(ArrayBytes.Npy("<i4", "(4,)", 1, -1, -1, 1), ArrayBytes.Npy("<i4", "(2,)", 1, 0)));
        Assert.Contains("y_test.npy has the label -1, which is not in y_train.npy",
            Message(ArrayBytes.Npy("<i4", "(4,)", 1, 0, 0, 1), ArrayBytes.Npy("<i4", "(2,)", 1, -1)));
        Assert.Contains("the label of row 1 is -65536", Message(ArrayBytes.Npy("<i4", "(4,)", 1, -65536, -1, 1)));
        Assert.Contains("the label of row 2 is 0.5", Message(ArrayBytes.Npy("<f4", "(4,)", 1, 0, 0.5, 1)));
        Assert.Contains("the label of row 0 is NaN", Message(ArrayBytes.Npy("<f4", "(4,)", double.NaN, 0, 0.5, 1)));
    }

    [Theory]
    [InlineData(1, 2, 3, false)]
    [InlineData(0, 2, 4, false)]
    [InlineData(0, 1, 6, true)]
    [InlineData(5, 6, 7, true)]
    public void More_than_a_few_unused_numbers_are_said(int a, int b, int c, bool isSaid)
    {
        using var split = Open(ArrayBytes.Npy("<i4", "(4,)", a, b, c, a));
        Assert.Equal([a, b, c, a], split.Train.Labels());
        Assert.Equal(c + 1, split.ClassCount);
        Assert.Equal(isSaid ? $"y_train.npy: 3 classes are numbered up to {c}, and the {c - 2} unused numbers cost an output each; number "
            + "them from 0 without gaps to save memory" : null, split.Notes.SingleOrDefault());
    }

    [Theory]
    [InlineData("A\nB\nC\nD\n", "0 1 2", "A B C D", false)]
    [InlineData("1 A\n2 B\n3 C\n", "1 2 3", "unused_0 A B C", false)]
    [InlineData("1 A\n2 B\n3 C\n", "0 1 2", "A B C", true)]
    [InlineData("1 A\n2 B\n3 C\n", "0 0 1", "A B C", true)]
    [InlineData("1 A\n2 B\n3 C\n", "3 3 3", "unused_0 A B C", false)]
    [InlineData("3\tC\r\n1\tA\r\n2\tB\r\n", "3 1 2", "unused_0 A B C", false)]
    [InlineData("0: A\n2: C\n1: B\n", "0 2 1", "A B C", false)]
    [InlineData("C,2\nB,1\nA,0\n", "0 2 1", "A B C", false)]
    [InlineData("1. A\n5. E\n", "1 5 5", "unused_0 A unused_2 unused_3 unused_4 E", false)]
    [InlineData("sensor 1\nsensor 2\n", "0 1 1", "sensor_1 sensor_2", false)]
    [InlineData("7 up\n7 eleven\ncola\n", "0 1 2", "7_up 7_eleven cola", false)]
    [InlineData("1.5 kg\n2.5 kg\n", "0 1 1", "1.5_kg 2.5_kg", false)]
    [InlineData("-1 bad\n1 good\n", "-1 1 1", "bad good", true)]
    [InlineData("bad\ngood\n", "-1 1 1", "bad good", true)]
    public void A_name_belongs_to_the_number_beside_it(string file, string labels, string names, bool isSaid)
    {
        double[] numbers = [.. labels.Split(' ').Select(double.Parse)];
        using var split = Open(ArrayBytes.Npy("<i4", "(4,)", [.. numbers, numbers[0]]), names: file);
        Assert.Equal(names.Split(' '), split.ClassNames!.Select(name => name.Replace(' ', '_')));
        Assert.Equal(isSaid, split.Notes.Count > 0);
    }

    [Theory]
    [InlineData("1 A\n2 B\n3 C\n", "1 2 2", "not clear which name is whose")]
    [InlineData("1 A\n2 B\n3 C\n", "0 1 3", "has the numbers 1 to 3 and the labels are 0 to 3")]
    [InlineData("0 A\n1 B\n", "0 1 2", "not clear")]
    [InlineData("5 A\n6 B\n", "0 1 1", "not clear")]
    [InlineData("1 A\n70000 B\n", "1 1 1", "not clear")]
    [InlineData("1 A\n1 B\n", "0 1 1", "gives the number 1 to two classes")]
    [InlineData("A\nA\n", "0 1 1", "has two classes 'A'")]
    [InlineData("id name\n0 A\n1 B\n", "0 1 1", "every line but the first has a number")]
    [InlineData("A\n", "0 1 1", "has 1 names, the labels go up to 1")]
    [InlineData("0 A\n1 B\n", "-1 1 1", "does not name each of the labels from -1 to 1")]
    [InlineData("0 A\n1 B\n", "-1 -1 -1", "does not name each of the labels from -1 to -1")]
    public void A_file_that_does_not_fit_the_labels_is_refused(string file, string labels, string reason)
    {
        double[] numbers = [.. labels.Split(' ').Select(double.Parse)];
        Assert.Contains(reason, Message(ArrayBytes.Npy("<i4", "(4,)", [.. numbers, numbers[0]]), names: file));
    }

    static DataSplit Open(byte[] labels, byte[]? testLabels = null, DataOptions? options = null, string? names = null,
        byte[]? inputs = null)
    {
        using var folder = new TemporaryFolder();
        folder.Write("X_train.npy", inputs ?? ArrayBytes.Npy("<f4", "(4, 2)", 0, 1, 2, 3, 4, 5, 6, 7));
        folder.Write("y_train.npy", labels);

        // Where no test part is given, the labels to learn from are a part of their own, too.
        folder.Write("X_test.npy", testLabels is null
            ? ArrayBytes.Npy("<f4", "(4, 2)", 0, 1, 2, 3, 4, 5, 6, 7)
            : ArrayBytes.Npy("<f4", "(2, 2)", 0, 1, 2, 3));
        folder.Write("y_test.npy", testLabels ?? labels);
        if (names is not null) folder.Write("classes.txt", Encoding.UTF8.GetBytes(names));
        return DataCatalog.Open(folder.Path, (options ?? new DataOptions()) with { CacheFolder = folder["cache"] });
    }

    static string Message(byte[] labels, byte[]? testLabels = null, DataOptions? options = null, string? names = null,
        byte[]? inputs = null)
    {
        string message = Assert.Throws<EdgeLearnException>(() => Open(labels, testLabels, options, names, inputs)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
