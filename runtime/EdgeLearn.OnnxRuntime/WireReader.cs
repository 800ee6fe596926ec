using System.Diagnostics.CodeAnalysis;

namespace EdgeLearn.OnnxRuntime;

/// <summary>How a protobuf field is written.</summary>
enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}

/// <summary>
/// Walks the fields of one protobuf message without a schema. Every length is checked against what is really there before it is believed,
/// so a broken file ends in one <see cref="EdgeLearnException"/> with the offset; nothing is allocated.
/// </summary>
/// <remarks>Source: Protocol Buffers, "Encoding". Groups, which ONNX never used, are refused.</remarks>
/// <param name="file">all bytes of the file</param>
/// <param name="message">where the message lies; inside the file</param>
/// <param name="name">the file's name for errors</param>
ref struct WireReader(ReadOnlySpan<byte> file, ByteRange message, string name)
{
    readonly ReadOnlySpan<byte> _file = file;
    readonly string _name = name;
    readonly int _end = message.End;
    int _position = message.Start;

    public int Number { get; private set; }

    /// <summary>How the field is written.</summary>
    public WireType Type { get; private set; }

    /// <summary>Value of a varint or fixed field.</summary>
    public ulong Value { get; private set; }

    /// <summary>Where the field lies in the file, tag and length included.</summary>
    public ByteRange Field { get; private set; }

    /// <summary>Where the content of a <see cref="WireType.Bytes"/> field lies in the file.</summary>
    public ByteRange Content { get; private set; }

    /// <summary>Reads the next field; false at the end of the message.</summary>
    public bool Next()
    {
        if (_position == _end) return false;
        int start = _position;
        ulong tag = Varint();
        Number = tag >> 3 is > 0 and < 1 << 29 ? (int)(tag >> 3) : Throw<int>(start, "the field number is not between 1 and 2^29");
        Type = (WireType)(tag & 7);
        switch (Type)
        {
            case WireType.Varint:
                Value = Varint();
                break;
            case WireType.Fixed32:
                Value = BitConverter.ToUInt32(Take(start, sizeof(uint)));
                break;
            case WireType.Fixed64:
                Value = BitConverter.ToUInt64(Take(start, sizeof(ulong)));
                break;
            case WireType.Bytes:
                ulong length = Varint();
                int content = _position;
                Take(start, length);
                Content = new ByteRange(content, _position);
                break;
            default:
                Throw<int>(start, $"wire type {(int)Type} is unknown");
                break;
        }

        Field = new ByteRange(start, _position);
        return true;
    }

    /// <summary>Requires that the field holds bytes: a string, a message or a packed list.</summary>
    public readonly ByteRange RequireBytes()
        => Type == WireType.Bytes ? Content : Throw<ByteRange>(Field.Start, $"field {Number} is a number where a message was expected");

    /// <summary>Requires that the field is a varint.</summary>
    public readonly ulong RequireVarint()
        => Type == WireType.Varint ? Value : Throw<ulong>(Field.Start, $"field {Number} is not an integer");

    /// <summary>Reads a varint of a packed list; false at the end of the message.</summary>
    public bool NextPacked(out ulong value)
    {
        value = 0;
        if (_position == _end) return false;
        value = Varint();
        return true;
    }

    ulong Varint()
    {
        ulong value = 0;
        int start = _position;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = Take(start, 1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        return Throw<ulong>(start, "an integer is longer than 10 bytes");
    }

    ReadOnlySpan<byte> Take(int start, ulong length)
    {
        int left = _end - _position;
        if (length > (ulong)left) Throw<int>(start, $"a field claims {length:N0} bytes, {left:N0} are left");
        var taken = _file.Slice(_position, (int)length);
        _position += (int)length;
        return taken;
    }

    [DoesNotReturn]
    readonly T Throw<T>(int offset, string what)
        => throw new EdgeLearnException($"{_name} is no whole ONNX model: at byte {offset:N0} of {_file.Length:N0} {what}; copy or export "
            + $"the file again");
}

/// <summary>Bytes <see cref="Start"/> to <see cref="End"/> - 1 of a file.</summary>
readonly record struct ByteRange(int Start, int End)
{
    public int Length => End - Start;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> file) => file[Start..End];
}
