namespace EdgeLearn;

/// <summary>
/// Collects what a training run needs before anything is allocated: (bytes, first use, last use) of each buffer, then offsets in one block
/// so that only buffers whose uses do not overlap share bytes. Pure and deterministic: host and board compute the same plan.
/// </summary>
public sealed class MemoryPlan
{
    /// <summary>Last use of a buffer that lives as long as the run.</summary>
    public const int Forever = int.MaxValue;

    /// <summary>Alignment of every buffer, in bytes: a cache line, and the widest register.</summary>
    public const int AlignmentBytes = 64;

    readonly List<Buffer> _buffers = [];
    readonly List<(string Name, MemoryCategory Category, long Bytes)> _elsewhere = [];
    readonly List<PlannedSlot> _slots = [];
    readonly List<Action> _whenAllocated = [];
    long[]? _offsets;
    bool _isAllocated;

    // Behind ShrinksAfter only the first ShrunkBytes are in use.
    readonly record struct Buffer(string Name, MemoryCategory Category, long Bytes, int FirstUse, int LastUse, int ShrinksAfter,
        long ShrunkBytes)
    {
        public long BytesDuring(int first, int last)
            => first > LastUse || last < FirstUse ? 0 : first <= ShrinksAfter ? Bytes : ShrunkBytes;
    }

    /// <summary>Asks for a buffer of floats (or 32-bit integers) that holds its content from first to last use, both included.</summary>
    public PlannedBuffer Request(string name, MemoryCategory category, long length, int firstUse = 0, int lastUse = Forever)
        => Request(name, category, length, firstUse, lastUse, lastUse, 0);

    /// <summary>Asks for a buffer of which, behind a moment, only the beginning is in use.</summary>
    /// <param name="name">for reports</param>
    /// <param name="category">for reports</param>
    /// <param name="length">floats up to <paramref name="shrinksAfter"/></param>
    /// <param name="firstUse">first moment</param>
    /// <param name="lastUse">last moment, of the beginning</param>
    /// <param name="shrinksAfter">last moment of the rest</param>
    /// <param name="shrunkLength">floats from then on</param>
    internal PlannedBuffer Request(string name, MemoryCategory category, long length, int firstUse, int lastUse, int shrinksAfter,
        long shrunkLength)
    {
        if (_offsets is not null) throw new InvalidOperationException("the plan is placed already");
        if (length < 0 || firstUse > lastUse)
            throw new ArgumentException($"{name}: length {length}, uses {firstUse}..{lastUse}", nameof(length));
        _buffers.Add(new Buffer(name, category, length * sizeof(float), firstUse, lastUse, shrinksAfter, shrunkLength * sizeof(float)));
        _slots.Add(new PlannedSlot(this, _slots.Count));
        return new PlannedBuffer(_slots[^1]);
    }

    /// <summary>Counts memory that another owner allocates, so that the total is the whole truth.</summary>
    public void Account(string name, MemoryCategory category, long bytes) => _elsewhere.Add((name, category, bytes));

    /// <summary>Has something done as soon as the buffers exist, such as drawing what they start with.</summary>
    public void WhenAllocated(Action action) => _whenAllocated.Add(action);

    // A plan is allocated once: its handles give the spans of this block.
    internal void Allocated(NativeBlock block)
    {
        if (_isAllocated) throw new InvalidOperationException("the plan is allocated already");
        _isAllocated = true;
        foreach (var slot in _slots) slot.Place(block);
        foreach (var action in _whenAllocated) action();
    }

    internal string NameOf(int index) => _buffers[index].Name;

    internal MemoryCategory CategoryOf(int index) => _buffers[index].Category;

    internal (int First, int Last) UsesOf(int index) => (_buffers[index].FirstUse, _buffers[index].LastUse);

    /// <summary>Bytes of the one block; places the buffers at the first call, after which the plan is closed.</summary>
    public long WorkspaceBytes
    {
        get
        {
            _offsets ??= Place();
            return End(_offsets);
        }
    }

    /// <summary>The workspace and everything accounted elsewhere.</summary>
    public long TotalBytes => WorkspaceBytes + _elsewhere.Sum(entry => entry.Bytes);

    /// <summary>
    /// Sum of the buffers of a category. Buffers of several categories may share bytes, so the categories can add up to more than the
    /// total.
    /// </summary>
    public long BytesOf(MemoryCategory category)
        => _buffers.Where(buffer => buffer.Category == category).Sum(buffer => buffer.Bytes)
            + _elsewhere.Where(entry => entry.Category == category).Sum(entry => entry.Bytes);

    /// <summary>The largest part, for messages.</summary>
    internal (string Name, long Bytes) Largest
        => _elsewhere.Select(entry => (entry.Name, entry.Bytes)).Concat(_buffers.Select(buffer => (buffer.Name, buffer.Bytes)))
            .MaxBy(part => part.Bytes);

    /// <summary>Every buffer that was asked for, in that order.</summary>
    public IReadOnlyList<PlannedBuffer> Buffers => [.. _slots.Select(slot => new PlannedBuffer(slot))];

    // Offset of a buffer in the block, a multiple of the alignment.
    internal long OffsetOf(int index) => (_offsets ??= Place())[index];

    internal long BytesOf(int index) => _buffers[index].Bytes;

    // Bumps of an order, and how many times as long as a buffer the block may be for it to matter where the buffer lies.
    const int MostBumps = 4, SmallShare = 64;

    // The best of a few orders; most plans need no second, for the first takes no more than what is alive at some moment. Where none does
    // as well, what reaches highest in the best of them is placed before the others, some times over.
    long[] Place()
    {
        Func<Buffer, double>[] orders =
        [
            buffer => buffer.Bytes, buffer => (double)buffer.Bytes * (buffer.LastUse - buffer.FirstUse + 1),
            buffer => buffer.LastUse - buffer.FirstUse, buffer => -buffer.FirstUse, buffer => buffer.LastUse,
        ];
        long least = MostAlive();
        int[] order = OrderBy(orders[0]);
        long[] best = PlaceIn(order), last = best;
        for (int i = 1; i < orders.Length && End(best) > least; i++)
        {
            int[] otherOrder = OrderBy(orders[i]);
            long[] other = PlaceIn(otherOrder);
            if (End(other) < End(best)) (best, last, order) = (other, other, otherOrder);
        }

        for (int i = 0; i < MostBumps && End(best) > least; i++)
        {
            order = Bump(order, last);
            last = PlaceIn(order);
            if (End(last) < End(best)) best = last;
        }

        return best;
    }

    // The order with the buffer that reaches highest, but for small ones, before all that do not live as long as the run.
    int[] Bump(int[] order, long[] offsets)
    {
        long small = End(offsets) / SmallShare;
        int highest = order.MaxBy(index => _buffers[index].Bytes < small ? -1 : offsets[index] + _buffers[index].Bytes);
        return [.. order.OrderByDescending(index => _buffers[index].LastUse == Forever).ThenByDescending(index => index == highest)];
    }

    long End(long[] offsets)
    {
        long end = 0;
        for (int i = 0; i < offsets.Length; i++) end = Math.Max(end, offsets[i] + Align(_buffers[i].Bytes));
        return end;
    }

    // The most bytes that are in use at one moment: no order takes less.
    long MostAlive()
    {
        long most = 0;
        foreach (int moment in _buffers.Select(buffer => buffer.FirstUse).Distinct())
        {
            long alive = 0;
            foreach (var buffer in _buffers) alive += Align(buffer.BytesDuring(moment, moment));
            most = Math.Max(most, alive);
        }

        return most;
    }

    // What lives as long as the run first, so that step and evaluation do not move each other; then by the key, the largest first among
    // equals.
    int[] OrderBy(Func<Buffer, double> key) => [.. Enumerable.Range(0, _buffers.Count)
        .OrderByDescending(index => _buffers[index].LastUse == Forever)
        .ThenByDescending(index => key(_buffers[index])).ThenByDescending(index => _buffers[index].Bytes)];

    // Each at the lowest offset where it meets no buffer that lives at the same time.
    long[] PlaceIn(int[] order)
    {
        long[] offsets = new long[order.Length];
        var placed = new List<int>(order.Length);
        foreach (int index in order)
        {
            offsets[index] = LowestOffset(_buffers[index], placed, offsets);
            placed.Add(index);
            placed.Sort((a, b) => offsets[a].CompareTo(offsets[b]));
        }

        return offsets;
    }

    long LowestOffset(Buffer buffer, List<int> placedByOffset, long[] offsets)
    {
        long offset = 0;
        for (bool moved = true; moved;)
        {
            moved = false;
            foreach (int other in placedByOffset)
            {
                if (!Meet(buffer, offset, _buffers[other], offsets[other], out long end)) continue;
                offset = Align(end);
                moved = true;
            }
        }

        return offset;
    }

    // Whether two buffers would share bytes at some moment, and the end of the other's bytes then.
    static bool Meet(in Buffer buffer, long offset, in Buffer other, long otherOffset, out long end)
    {
        end = 0;
        foreach (var (first, last) in ((int, int)[])[(buffer.FirstUse, Math.Min(buffer.ShrinksAfter, buffer.LastUse)),
            (Math.Min(buffer.ShrinksAfter, buffer.LastUse - 1) + 1, buffer.LastUse)])
        {
            long own = buffer.BytesDuring(first, last), bytes = other.BytesDuring(first, last);
            bool meet = own > 0 && bytes > 0 && offset < otherOffset + bytes && otherOffset < offset + own;
            if (meet) end = Math.Max(end, otherOffset + bytes);
        }

        return end > 0;
    }

    static long Align(long bytes) => (bytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
}

/// <summary>What a buffer is for; the rows of the memory report.</summary>
public enum MemoryCategory
{
    /// <summary>Weights, biases and the integer tensors of layers.</summary>
    Parameters,

    /// <summary>Outputs of layers and what they keep for their gradient.</summary>
    Activations,

    /// <summary>Scratch of kernels: gradient panels, perturbed rows, transposed blocks.</summary>
    Panels,

    /// <summary>What update and rule remember between steps.</summary>
    UpdateState,

    /// <summary>The mini-batch.</summary>
    Batch,

    /// <summary>Earlier samples, earlier weights and averages of weights; features of samples that a frozen body has seen.</summary>
    Past,
}
