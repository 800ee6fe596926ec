using EdgeLearn.Protocol;
using Google.Protobuf;

namespace EdgeLearn.Device;

/// <summary>
/// An update on the disk that the hub has not acknowledged: a file with one <see cref="ReportRequest"/>, whose data stay there and are read
/// piece by piece. Owns the file.
/// </summary>
sealed class PendingReport : IDisposable
{
    const uint DataTag = (ReportRequest.DataFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;

    readonly FileStream _file;
    long _start;

    PendingReport(FileStream file)
    {
        _file = file;
        long tag = FindData();
        byte[] around = new byte[tag + file.Length - _start - Length];
        file.Position = 0;
        file.ReadExactly(around.AsSpan(0, (int)tag));
        file.Position = _start + Length;
        file.ReadExactly(around.AsSpan((int)tag));
        Message = ReportRequest.Parser.ParseFrom(around);
    }

    /// <summary>Attempt, header, signature and telemetry; without data.</summary>
    public ReportRequest Message { get; }

    /// <summary>Bytes of the update's content.</summary>
    public long Length { get; private set; }

    /// <summary>Writes a report, durably, in place of an older one.</summary>
    /// <param name="path">the file</param>
    /// <param name="length">of the content</param>
    /// <param name="content">writes the content</param>
    /// <param name="message">gives everything else, when the content is written</param>
    public static void Write(string path, long length, Action<Stream> content, Func<ReportRequest> message)
        => DurableFile.Replace(path, file =>
        {
            using (var output = new CodedOutputStream(file, leaveOpen: true))
            {
                output.WriteTag(DataTag);
                output.WriteLength((int)length);
            }

            content(file);
            message().WriteTo(file);
        }, secret: true);

    /// <summary>Opens what <see cref="Write"/> wrote; null when the file is no report.</summary>
    public static PendingReport? Open(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        try
        {
            return new PendingReport(file);
        }
        catch (Exception e)
        {
            file.Dispose();
            if (e is InvalidProtocolBufferException or EndOfStreamException) return null;
            throw;
        }
    }

    // Finds the field of the data, which may stand anywhere in the message, and says where its tag begins.
    long FindData()
    {
        using var input = new CodedInputStream(_file, leaveOpen: true);
        while (true)
        {
            long before = input.Position;
            uint tag = input.ReadTag();
            if (tag == 0)
            {
                _start = before;
                return before;
            }

            if (tag != DataTag)
            {
                input.SkipLastField();
                continue;
            }

            Length = input.ReadLength();
            _start = input.Position;
            return Length >= 0 && Length <= _file.Length - _start ? before : throw new EndOfStreamException();
        }
    }

    /// <summary>Reads a piece of the content.</summary>
    public void Read(long offset, Span<byte> piece)
    {
        _file.Position = _start + offset;
        _file.ReadExactly(piece);
    }

    public void Dispose() => _file.Dispose();
}
