using System.Buffers.Binary;
using EdgeLearn.Datasets;

namespace EdgeLearn.Images;

/// <summary>
/// What must hold of a JPEG before it is decoded: a size, an end (else the library fills what is missing with grey and says nothing), and
/// not so many scans that decoding takes minutes. ITU-T T.81, annex B.
/// </summary>
static class JpegCheck
{
    const byte EndOfImage = 0xD9, StartOfScan = 0xDA;

    static ReadOnlySpan<byte> EndMarker => [0xFF, EndOfImage];

    static ReadOnlySpan<byte> ScanMarker => [0xFF, StartOfScan];

    // Each scan goes through all pixels: a progressive photograph has about ten.
    const long MostScannedPixels = 1L << 30;

    /// <summary>The size that the frame header says.</summary>
    public static ImageSize Measure(byte[] file)
    {
        for (int at = 2; at + 4 <= file.Length;)
        {
            if (file[at] != 0xFF) throw new EdgeLearnException("is damaged: a marker is missing in its header");
            byte marker = file[at + 1];
            if (marker == 0xFF || marker is >= 0xD0 and <= 0xD8 or 0x01)
            {
                at += marker == 0xFF ? 1 : 2;
                continue;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2));
            if (marker is EndOfImage or StartOfScan || length < 2) break;
            // Frame headers are C0 to CF, but for tables (C4, CC) and what is kept for later (C8).
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (at + 10 > file.Length) break;
                return new ImageSize(BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 5)),
                    BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 7)), file[at + 9] == 1 ? 1 : 3);
            }

            at += 2 + length;
        }

        throw new EdgeLearnException("is cut short or damaged: it has no frame header; replace or remove it");
    }

    /// <summary>Refuses a file without its end, or with too many scans.</summary>
    public static void Whole(byte[] file, ImageSize size)
    {
        // Behind the last scan: a small picture inside of the header has an end of its own.
        int lastScan = file.AsSpan().LastIndexOf(ScanMarker);
        if (lastScan < 0 || file.AsSpan(lastScan).IndexOf(EndMarker) < 0)
            throw new EdgeLearnException("is cut short: it has no end; replace or remove it");
        long scans = file.AsSpan().Count(ScanMarker);
        if (scans * size.Height * size.Width > MostScannedPixels)
        {
            throw new EdgeLearnException($"has {scans:N0} scans of {size.Height}x{size.Width} pixels, which is too much to decode: save it "
                + "anew");
        }
    }
}
