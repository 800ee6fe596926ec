namespace EdgeLearn;

/// <summary>
/// ADWIN2: a window that grows while its values stay alike, and loses its oldest part when two parts of it differ by more than
/// <code>
/// eps = sqrt(2/m var L) + 2/(3m) L,   1/m = 1/n0 + 1/n1,   L = ln(2 ln(n) / delta)
/// </code>
/// with n = n0 + n1 values of variance var in the window. It is kept as an exponential histogram: buckets of 2^i values, at most 5 of a
/// size, so that n values take about 6 log2(n) buckets, and parts end where buckets do.
/// </summary>
/// <remarks>
/// Source: Bifet and Gavalda, "Learning from time-changing data with adaptive windowing", SDM 2007. Cuts are looked for at every
/// <paramref name="clock"/>th value, in windows of more than 10, between parts of at least 5. At a cut the oldest bucket goes, and the
/// search begins again.
/// </remarks>
/// <param name="delta">how often it may be wrong</param>
/// <param name="clock">values between two searches</param>
sealed class Adwin(double delta = 0.002, int clock = 32) : DriftDetector
{
    public const string Name = "adwin";

    // 2^40 values are more than a stream has.
    const int MostRows = 40, MostBuckets = 5, LeastWindow = 10, LeastPart = 5;

    // [row, place]: the oldest bucket of a row first, each of 2^row values.
    readonly (double Sum, double Squares)[] _buckets = new (double, double)[MostRows * (MostBuckets + 1)];
    readonly int[] _filled = new int[MostRows];
    int _rows;
    long _seen;
    double _sum;
    double _squares; // of the differences from the mean of the window

    public override string Word => Name;

    /// <summary>Values in the window.</summary>
    public long Width { get; private set; }

    /// <summary>Their mean.</summary>
    public double Mean => Width == 0 ? 0 : _sum / Width;

    /// <summary>Their variance, population form.</summary>
    public double Variance => Width == 0 ? 0 : _squares / Width;

    /// <summary>Whether the last value cut the window, in either direction.</summary>
    public bool HasCut { get; private set; }

    public override bool Add(double value)
    {
        _seen++;
        Insert(value);
        HasCut = false;
        if (_seen % clock != 0 || Width <= LeastWindow) return false;
        bool hasRisen = false;
        while (FindCut() is var rise && rise != 0)
        {
            hasRisen |= !HasCut && rise > 0;
            HasCut = true;
            DropOldest();
        }

        return hasRisen;
    }

    void Insert(double value)
    {
        if (Width > 0) _squares += (double)Width / (Width + 1) * (value - Mean) * (value - Mean);
        Width++;
        _sum += value;
        Append(0, (value, 0));
        for (int row = 0; _filled[row] > MostBuckets && row + 1 < MostRows; row++)
        {
            var merged = Merge(Bucket(row, 0), Bucket(row, 1), 1L << row);
            for (int i = 2; i < _filled[row]; i++) Bucket(row, i - 2) = Bucket(row, i);
            _filled[row] -= 2;
            Append(row + 1, merged);
        }
    }

    ref (double Sum, double Squares) Bucket(int row, int place) => ref _buckets[(row * (MostBuckets + 1)) + place];

    void Append(int row, (double, double) bucket)
    {
        Bucket(row, _filled[row]++) = bucket;
        _rows = Math.Max(_rows, row + 1);
    }

    static (double, double) Merge((double Sum, double Squares) a, (double Sum, double Squares) b, double count)
    {
        double difference = (a.Sum / count) - (b.Sum / count);
        return (a.Sum + b.Sum, a.Squares + b.Squares + (count / 2 * difference * difference));
    }

    // By how much the newer part of the first cut is above the older one; 0 = there is no cut.
    double FindCut()
    {
        double log = Math.Log(2 * Math.Log(Width) / delta), variance = Variance;
        long older = 0;
        double sum = 0;
        for (int row = _rows - 1; row >= 0; row--)
        {
            for (int i = 0; i < _filled[row]; i++)
            {
                older += 1L << row;
                sum += Bucket(row, i).Sum;
                long newer = Width - older;
                if (older < LeastPart || newer < LeastPart) continue;
                double inverse = (1.0 / older) + (1.0 / newer);
                double bound = Math.Sqrt(2 * inverse * variance * log) + (2.0 / 3 * inverse * log);
                double rise = ((_sum - sum) / newer) - (sum / older);
                if (Math.Abs(rise) > bound) return rise;
            }
        }

        return 0;
    }

    void DropOldest()
    {
        int row = _rows - 1;
        var oldest = Bucket(row, 0);
        long count = 1L << row;
        Width -= count;
        _sum -= oldest.Sum;
        double difference = (oldest.Sum / count) - Mean;
        _squares -= oldest.Squares + ((double)count * Width / (count + Width) * difference * difference);
        for (int i = 1; i < _filled[row]; i++) Bucket(row, i - 1) = Bucket(row, i);
        _filled[row]--;
        while (_rows > 0 && _filled[_rows - 1] == 0) _rows--;
    }
}
