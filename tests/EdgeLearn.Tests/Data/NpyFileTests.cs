using Xunit;

namespace EdgeLearn.Tests;

public class NpyFileTests
{
    // Written by NumPy 1.24.2: numpy.lib.format.write_array(f, array, version).
    const string Npy1 = "934e554d505901007600"
        + "7b276465736372273a20277c7531272c2027666f727472616e5f6f72646572273a2046616c73652c2027736861706527" +
        "3a2028322c2033292c207d";

    [Fact]
    public void Bytes_of_NumPy_version_1_are_read()
    {
        byte[] header = Convert.FromHexString(Npy1);
        byte[] bytes = [.. header, .. Enumerable.Repeat((byte)' ', 127 - header.Length), (byte)'\n', 1, 2, 3, 4, 5, 255];
        Assert.Equal([4f, 5f, 255f], Row(bytes, 1, 3));
    }

    [Fact]
    public void Bytes_of_NumPy_version_2_big_endian_are_read()
    {
        // array([[-1.5, 2], [3, 4.25]], '>f8')
        byte[] bytes = ArrayBytes.NpyText("{'descr': '>f8', 'fortran_order': False, 'shape': (2, 2), }".PadRight(115),
            Convert.FromHexString("bff8000000000000400000000000000040080000000000004011000000000000"), version: 2);
        Assert.Equal("934e554d5059020074000000", Convert.ToHexStringLower(bytes[..12]));
        Assert.Equal([3f, 4.25f], Row(bytes, 1, 2));
    }

    [Fact]
    public void Bytes_of_NumPy_version_3_are_read()
    {
        // array([7, -8], '<i8')
        byte[] bytes = ArrayBytes.NpyText("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }".PadRight(115),
            Convert.FromHexString("0700000000000000f8ffffffffffffff"), version: 3);
        Assert.Equal("934e554d5059030074000000", Convert.ToHexStringLower(bytes[..12]));
        Assert.Equal([-8f], Row(bytes, 1, 1));
    }

    [Theory]
    [InlineData("|u1", 0, 255)]
    [InlineData("|i1", -128, 127)]
    [InlineData("<i2", -32768, 32767)]
    [InlineData(">i2", -32768, 258)]
    [InlineData("<i4", -16777216, 66051)]
    [InlineData(">i4", -16777216, 66051)]
    [InlineData("<i8", -4294967296, 66051)]
    [InlineData(">i8", -4294967296, 66051)]
    [InlineData("|b1", 0, 1)]
    [InlineData("<u2", 0, 65535)]
    [InlineData(">u2", 1, 65534)]
    [InlineData("<u4", 0, 4294967040)]
    [InlineData(">u4", 258, 2147483648)]
    [InlineData("<u8", 0, 18446742974197923840)]
    [InlineData(">u8", 258, 9223372036854775808)]
    [InlineData("<f2", -1.5, 65504)]
    [InlineData(">f2", 5.9604644775390625e-08, 0.333251953125)]
    [InlineData("<f4", -1.5, 1e-20)]
    [InlineData(">f4", -1.5, 1e-20)]
    [InlineData("<f8", -1.5, 0.1)]
    [InlineData(">f8", -1.5, 0.1)]
    public void Every_type_and_byte_order_is_read_back(string descriptor, double a, double b) =>
        Assert.Equal([(float)a, (float)b], Row(ArrayBytes.Npy(descriptor, "(2, 2)", b, b, a, b), 1, 2));

    [Theory]
    // Floats from 2^63 on are 2^40 apart, from 2^62 on 2^39, from 2^31 on 2^8: in the middle to the even one, just above it up.
    [InlineData("<u8", "0000000080000080", 9223372036854775808.0)]
    [InlineData("<u8", "0100000080000080", 9223372036854775808.0 + 1099511627776.0)]
    [InlineData("<u8", "0000000080010080", 9223372036854775808.0 + (2 * 1099511627776.0))]
    [InlineData(">u8", "ffffffffffffffff", 18446744073709551616.0)]
    [InlineData("<i8", "0000000040000040", 4611686018427387904.0)]
    [InlineData("<i8", "0100000040000040", 4611686018427387904.0 + 549755813888.0)]
    [InlineData(">i8", "bfffffbfffffffff", -4611686018427387904.0 - 549755813888.0)]
    [InlineData("<u4", "80000080", 2147483648.0)]
    [InlineData("<u4", "81000080", 2147483648.0 + 256.0)]
    [InlineData(">u4", "ffffffff", 4294967296.0)]
    public void Whole_numbers_are_rounded_once(string descriptor, string stored, double expected)
    {
        // Enough of them for the vectors of any machine.
        byte[] content = [.. Enumerable.Repeat(Convert.FromHexString(stored), 40).SelectMany(bytes => bytes)];
        byte[] bytes = ArrayBytes.NpyText($"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': (1, 40), }}", content);
        Assert.Equal(Enumerable.Repeat(expected, 40), Row(bytes, 0, 40).Select(value => (double)value));
    }

    [Fact]
    public void Every_half_is_its_value()
    {
        ushort[] halves = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];
        byte[] bytes = ArrayBytes.NpyText("{'descr': '<f2', 'fortran_order': False, 'shape': (1, 65536), }",
            [.. halves.SelectMany(BitConverter.GetBytes)]);
        Assert.Equal(halves.Select(Value), Row(bytes, 0, 65536));

        // IEEE 754: a sign, 5 bits of exponent, 10 of fraction.
        static float Value(ushort bits)
        {
            int exponent = (bits >> 10) & 31, fraction = bits & 1023;
            double size = exponent switch
            {
                0 => fraction * Math.Pow(2, -24),
                31 => fraction == 0 ? double.PositiveInfinity : double.NaN,
                _ => (1 + (fraction / 1024.0)) * Math.Pow(2, exponent - 15),
            };
            return (float)(bits >= 0x8000 ? -size : size);
        }
    }

    [Fact]
    public void What_is_not_0_in_a_bool_is_1()
    {
        byte[] content = [0, 1, 2, 255];
        Assert.Equal([0f, 1f, 1f, 1f],
            Row(ArrayBytes.NpyText("{'descr': '|b1', 'fortran_order': False, 'shape': (1, 4), }", content), 0, 4));
    }

    [Theory]
    [InlineData("<U3", 4, 3, false)]
    [InlineData(">U3", 4, 3, true)]
    [InlineData("|S12", 1, 12, false)]
    public void Texts_are_rows_of_characters(string descriptor, int bytes, int width, bool bigEndian)
    {
        var header = NpyFile.ParseHeader(
            ArrayBytes.NpyText($"{{'descr': '{descriptor}', 'fortran_order': True, 'shape': (5, 1), }}", []), "x");
        Assert.Equal((5, width, width, bytes, bigEndian),
            (header.Count, header.Item.Length, header.TextWidth, header.Number.ByteCount(), header.BigEndian));
        Assert.False(header.ColumnMajor);
    }

    [Theory]
    [InlineData("{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"<f4\"}")]
    [InlineData("{'descr': '=f4', 'fortran_order': False, 'shape': (2L, 2L), }")]
    public void Keys_come_in_any_order_and_spelling(string text)
    {
        var header = NpyFile.ParseHeader(ArrayBytes.NpyText(text, []), "x");
        Assert.Equal((2, Shape.Vector(2), StoredNumber.Float32, false), (header.Count, header.Item, header.Number, header.BigEndian));
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 2), }", "neither True nor False")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }", "Python objects")]
    [InlineData("{'descr': '|V8', 'fortran_order': False, 'shape': (2, 2), }", "stores '|V8'")]
    [InlineData("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (2,), }", "stores '<M8[ns]'")]
    [InlineData("{'descr': '<f16', 'fortran_order': False, 'shape': (2,), }", "stores '<f16'")]
    [InlineData("{'descr': 'a\nb\u0007', 'fortran_order': False, 'shape': (2,), }", "stores 'a?b?'")]
    [InlineData("{'descr': '', 'fortran_order': False, 'shape': (2,), }", "an empty 'descr'")]
    [InlineData("{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (2,), }", "structured")]
    [InlineData("{'descr': '<U0', 'fortran_order': False, 'shape': (2,), }", "texts of 0 characters")]
    [InlineData("{'descr': '|S2000000000', 'fortran_order': False, 'shape': (2,), }", "texts of 2000000000 characters")]
    [InlineData("{'descr': '|S99999999999', 'fortran_order': False, 'shape': (2,), }", "stores '|S9")]
    [InlineData("{'descr': '<U3', 'fortran_order': False, 'shape': (2, 2), }", "2 texts a sample")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 2), }", "stores '<c8'")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 2), }", "structured")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "0 dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1), }", "5 dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1), }", "dimensions")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }", "no items")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 2), }", "1000000000000 items")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 2), }", "18 digits")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2), }", "no size")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "not all of")]
    [InlineData("{'descr': '<f4', 'color': 'red', }", "unknown key")]
    [InlineData("{'descr': '<f4", "does not end")]
    [InlineData("{'descr': '<f4', ", "no end")]
    [InlineData("  ", "no end")]
    public void Bad_headers_are_refused_in_one_line(string text, string reason)
    {
        var error = Assert.Throws<EdgeLearnException>(() => NpyFile.ParseHeader(ArrayBytes.NpyText(text, []), "x.npy"));
        Assert.Contains(reason, error.Message);
        Assert.Contains("x.npy", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_header_text_of_4_GB_is_refused_before_it_is_read()
    {
        byte[] bytes = [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 255, (byte)'{'];
        Assert.Contains("4294967295 bytes", Assert.Throws<EdgeLearnException>(() => NpyFile.ParseHeader(bytes, "x")).Message);
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = ArrayBytes.Npy("<f4", "(2, 2)", 1, 2, 3, 4);
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("cut.npy", whole[..length]);
            Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, new FileCache(folder["cache"])));
        }
    }

    [Fact]
    public void The_written_header_is_what_NumPy_writes()
    {
        byte[] written = new byte[NpyFile.WrittenHeaderBytes];
        NpyFile.WriteHeader(written, StoredNumber.UInt8, 2, 3);
        byte[] expected = [.. Convert.FromHexString(Npy1), .. Enumerable.Repeat((byte)' ', 128)];
        expected = [.. expected[..127], (byte)'\n'];
        Assert.Equal(Convert.ToHexStringLower(expected), Convert.ToHexStringLower(written));
    }

    [Fact]
    public void A_written_header_is_read_back()
    {
        byte[] written = new byte[NpyFile.WrittenHeaderBytes];
        NpyFile.WriteHeader(written, StoredNumber.Float64, 7);
        Assert.Equal(new ArrayHeader(StoredNumber.Float64, false, 7, Shape.Vector(1), 1, 128), NpyFile.ParseHeader(written, "x"));
    }

    static float[] Row(byte[] bytes, int index, int length)
    {
        using var source = new ByteSource(bytes, "x.npy");
        var header = ArrayHeader.Parse(bytes, "x.npy");
        header.CheckLength(bytes.Length, "x.npy");
        float[] row = new float[length];
        new ArrayFile(source, header).Read(index, row);
        return row;
    }
}
