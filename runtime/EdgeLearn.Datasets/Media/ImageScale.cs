namespace EdgeLearn.Datasets;

/// <summary>
/// Images at another size, each axis by itself: where it shrinks a pixel is the mean of the area that it covers, else it lies between the
/// two pixels nearest to its centre (bilinear). The sides' ratio is not kept.
/// </summary>
/// <param name="height">rows of the results</param>
/// <param name="width">columns</param>
/// <param name="channels">of both, innermost</param>
sealed class ImageScale(int height, int width, int channels)
{
    readonly float[] _row = new float[width * channels];
    readonly float[] _sum = new float[width * channels];

    /// <summary>Scales one image, 0.5 rounded up. Takes memory for one row of the result, whatever the size of the image.</summary>
    /// <param name="image">[fromHeight x fromWidth x channels]</param>
    /// <param name="fromHeight">rows</param>
    /// <param name="fromWidth">columns</param>
    /// <param name="scaled">[height x width x channels], written</param>
    public void Run(ReadOnlySpan<byte> image, int fromHeight, int fromWidth, Span<byte> scaled)
    {
        if (fromHeight == height && fromWidth == width)
        {
            image[..scaled.Length].CopyTo(scaled);
            return;
        }

        int fromRow = fromWidth * channels;
        for (int y = 0; y < height; y++)
        {
            Array.Clear(_sum);
            var rows = new Taps(y, fromHeight, height);
            for (int i = rows.First; i <= rows.Last; i++)
            {
                ScaleRow(image.Slice(i * fromRow, fromRow), fromWidth);
                float weight = rows.WeightOf(i);
                for (int x = 0; x < _row.Length; x++) _sum[x] += weight * _row[x];
            }

            var result = scaled.Slice(y * _row.Length, _row.Length);
            for (int x = 0; x < result.Length; x++) result[x] = (byte)Math.Clamp(_sum[x] + 0.5f, 0, 255);
        }
    }

    void ScaleRow(ReadOnlySpan<byte> from, int fromWidth)
    {
        Array.Clear(_row);
        for (int x = 0; x < width; x++)
        {
            var columns = new Taps(x, fromWidth, width);
            for (int i = columns.First; i <= columns.Last; i++)
            {
                float weight = columns.WeightOf(i);
                for (int c = 0; c < channels; c++) _row[(x * channels) + c] += weight * from[(i * channels) + c];
            }
        }
    }

    /// <summary>Which pixels of one axis make a pixel of the result, and how much each counts; the weights add up to 1.</summary>
    readonly struct Taps
    {
        readonly double _begin, _end, _part;

        public Taps(int place, int from, int to)
        {
            if (from > to)
            {
                _begin = (double)place * from / to;
                _end = (double)(place + 1) * from / to;
                First = (int)_begin;
                Last = Math.Min((int)Math.Ceiling(_end) - 1, from - 1);
                return;
            }

            double centre = Math.Clamp(((place + 0.5) * from / to) - 0.5, 0, from - 1);
            First = (int)centre;
            Last = Math.Min(First + 1, from - 1);
            _part = centre - First;
            _end = -1;
        }

        public int First { get; }

        public int Last { get; }

        public float WeightOf(int i) => _end < 0
            ? (float)(i == First ? 1 - _part : _part)
            : (float)((Math.Min(i + 1, _end) - Math.Max(i, _begin)) / (_end - _begin));
    }
}
