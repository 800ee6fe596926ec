using System.Text;

namespace EdgeLearn;

/// <summary>What the numbers in names and the order of a file say about the order of modules, and what they do not say.</summary>
static class StateOrder
{
    /// <summary>
    /// Whether tensors lie as a program sorts them: by name, or wide types first and by name within a type. Such an order says nothing of
    /// layers, even where a writer has kept his own and it is the same by chance.
    /// </summary>
    /// <remarks>Source: <c>prepare</c> in huggingface/safetensors, which sorts by the type, descending, and by the name's bytes. Types of
    /// one width may stand in any order here.</remarks>
    /// <param name="tensors">with elements, in the order of their bytes</param>
    public static bool IsSorted(IReadOnlyList<SafeTensor> tensors)
        => IsAscending(tensors.Select(tensor => tensor.Name))
            || (Widths(tensors).Zip(Widths(tensors).Skip(1), (a, b) => a >= b).All(isFalling => isFalling)
                && tensors.GroupBy(tensor => tensor.Type).All(same => IsAscending(same.Select(tensor => tensor.Name))));

    static IEnumerable<long> Widths(IEnumerable<SafeTensor> tensors) => tensors.Select(tensor => tensor.Bytes / tensor.Elements);

    static bool IsAscending(IEnumerable<string> names)
    {
        byte[] before = [];
        foreach (string name in names)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            if (before.AsSpan().SequenceCompareTo(bytes) > 0) return false;
            before = bytes;
        }

        return true;
    }

    /// <summary>
    /// Modules by the numbers in their names: <c>layer2.conv</c> before <c>layer10.norm</c>. Null where two names first differ in something
    /// else, in nothing, or in numbers that are parts of different words, such as <c>3fa</c> and <c>9c</c>.
    /// </summary>
    public static List<StateModule>? ByNumbers(IReadOnlyList<StateModule> modules)
    {
        List<StateModule> sorted = [.. modules];
        sorted.Sort((a, b) => Compare(a.OrderName, b.OrderName).Sign);
        // A name that stands between two others shares with them what those share: neighbours are enough.
        bool isDecided = sorted.Zip(sorted.Skip(1), (a, b) => Compare(a.OrderName, b.OrderName).ByNumber).All(byNumber => byNumber);
        return isDecided ? sorted : null;
    }

    /// <summary>Whether each part of the modules (weights, biases) lies in the modules' own order.</summary>
    /// <param name="modules">of one signature, in the order of their first tensors</param>
    public static bool IsOneOrder(IReadOnlyList<StateModule> modules)
        => modules.Zip(modules.Skip(1))
            .All(pair => pair.First.Tensors.Zip(pair.Second.Tensors).All(parts => parts.First.Place < parts.Second.Place));

    // By what differs first: numbers by their value, text by its letters.
    static (int Sign, bool ByNumber) Compare(string a, string b)
    {
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            if (char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]))
            {
                ReadOnlySpan<char> one = Number(a, ref i), other = Number(b, ref j);
                int sign = one.Length != other.Length ? one.Length - other.Length : one.SequenceCompareTo(other);
                if (sign != 0) return (sign, EndsWord(a.AsSpan(i), b.AsSpan(j)));
            }
            else
            {
                if (a[i] != b[j]) return (a[i] - b[j], false);
                i++;
                j++;
            }
        }

        return (a.Length - i - (b.Length - j), false);
    }

    // Whether what follows two numbers lets them say an order: no letters, or the same but for its numbers.
    static bool EndsWord(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        if (!(a is [var first, ..] && char.IsLetter(first)) && !(b is [var second, ..] && char.IsLetter(second))) return true;
        return WithoutNumbers(a) == WithoutNumbers(b);
    }

    static string WithoutNumbers(ReadOnlySpan<char> name)
    {
        var text = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            if (!char.IsAsciiDigit(name[i])) text.Append(name[i]);
            else if (i == 0 || !char.IsAsciiDigit(name[i - 1])) text.Append('0');
        }

        return text.ToString();
    }

    // Without the noughts before it: of equal length, digits compare as numbers do.
    static ReadOnlySpan<char> Number(string name, ref int at)
    {
        int first = at;
        while (at < name.Length && char.IsAsciiDigit(name[at])) at++;
        return name.AsSpan(first, at - first).TrimStart('0');
    }
}
