using Xunit;

namespace EdgeLearn.Tests;

public class MemoryPlanTests
{
    sealed record Buffer(PlannedBuffer Id, long Length, int First, int Last);

    static (MemoryPlan Plan, List<Buffer> Buffers) RandomPlan(int seed)
    {
        var random = new Random(seed);
        var plan = new MemoryPlan();
        var buffers = new List<Buffer>();
        int count = random.Next(1, 40), moments = random.Next(1, 20);
        for (int i = 0; i < count; i++)
        {
            int first = random.Next(moments), last = random.Next(10) == 0 ? MemoryPlan.Forever : random.Next(first, moments);
            long length = random.Next(6) == 0 ? 0 : random.Next(1, 500);
            buffers.Add(new Buffer(plan.Request($"b{i}", MemoryCategory.Activations, length, first, last), length, first, last));
        }

        return (plan, buffers);
    }

    static bool LiveTogether(Buffer a, Buffer b) => a.First <= b.Last && b.First <= a.Last;

    [Fact]
    public void Random_plans_never_overlap_live_buffers()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            var (plan, buffers) = RandomPlan(seed);
            foreach (var a in buffers)
            {
                long start = a.Id.OffsetBytes, end = start + a.Id.Bytes;
                Assert.Equal(4 * a.Length, a.Id.Bytes);
                Assert.Equal(0, start % MemoryPlan.AlignmentBytes);
                Assert.InRange(end, 0, plan.WorkspaceBytes);
                foreach (var b in buffers)
                {
                    if (a == b || !LiveTogether(a, b) || a.Length == 0 || b.Length == 0) continue;
                    bool apart = end <= b.Id.OffsetBytes || b.Id.OffsetBytes + b.Id.Bytes <= start;
                    Assert.True(apart, $"plan {seed}: {a} and {b} share bytes");
                }
            }
        }
    }

    [Fact]
    public void Buffers_of_a_workspace_keep_their_content_as_long_as_they_live()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var (plan, buffers) = RandomPlan(seed);
            using var workspace = new Workspace(plan);
            for (int moment = 0; moment < 20; moment++)
            {
                for (int i = 0; i < buffers.Count; i++)
                {
                    if (buffers[i].First == moment) buffers[i].Id.Span.Fill(i + 1);
                }

                for (int i = 0; i < buffers.Count; i++)
                {
                    if (buffers[i].First <= moment && moment <= buffers[i].Last)
                        Assert.Equal(-1, buffers[i].Id.Span.IndexOfAnyExcept(i + 1f));
                }
            }
        }
    }

    // Moment by moment: what is in use of one buffer is in use of no other.
    [Fact]
    public void What_a_shrinking_buffer_leaves_others_may_use()
    {
        long sum = 0, whole = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            MemoryPlan plan = new(), unshrunk = new();
            var buffers = new List<(PlannedBuffer Id, int First, int Last, int ShrinksAfter, long Bytes, long Shrunk)>();
            for (int i = random.Next(2, 30); i > 0; i--)
            {
                int first = random.Next(20), last = random.Next(first, 20), after = random.Next(first, last + 1);
                long length = random.Next(1, 500), shrunk = random.Next(0, (int)length + 1);
                buffers.Add((plan.Request($"b{i}", MemoryCategory.Activations, length, first, last, after, shrunk), first, last, after,
                    4 * length, 4 * shrunk));
                unshrunk.Request($"b{i}", MemoryCategory.Activations, length, first, last);
            }

            for (int moment = 0; moment < 20; moment++)
            {
                var used = buffers.Where(b => b.First <= moment && moment <= b.Last)
                    .Select(b => (Start: b.Id.OffsetBytes, End: b.Id.OffsetBytes + (moment <= b.ShrinksAfter ? b.Bytes : b.Shrunk)))
                    .Where(range => range.End > range.Start).OrderBy(range => range.Start).ToList();
                for (int i = 1; i < used.Count; i++) Assert.True(used[i - 1].End <= used[i].Start, $"plan {seed}, moment {moment}");
                if (used.Count > 0) Assert.InRange(used[^1].End, 0, plan.WorkspaceBytes);
            }

            sum += plan.WorkspaceBytes;
            whole += unshrunk.WorkspaceBytes;
        }

        Assert.True(sum < 0.95 * whole, $"{sum} bytes of {whole}"); // or nobody used what was left
    }

    [Fact]
    public void The_same_requests_give_the_same_plan()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var (first, buffers) = RandomPlan(seed);
            var (second, others) = RandomPlan(seed);
            Assert.Equal(first.WorkspaceBytes, second.WorkspaceBytes);
            Assert.Equal(buffers.Select(buffer => buffer.Id.OffsetBytes), others.Select(buffer => buffer.Id.OffsetBytes));
        }
    }

    [Fact]
    public void A_chain_needs_its_two_largest_neighbours_and_not_the_sum()
    {
        var plan = new MemoryPlan();
        int[] lengths = [1600, 320, 160, 800, 480, 16];
        for (int i = 0; i < lengths.Length; i++) plan.Request($"layer {i}", MemoryCategory.Activations, lengths[i], i, i + 1);
        Assert.Equal(4 * (1600 + 320), plan.WorkspaceBytes);
        Assert.Equal(4 * lengths.Sum(), plan.BytesOf(MemoryCategory.Activations));
    }

    [Fact]
    public void A_plan_lies_between_what_lives_at_once_and_the_sum()
    {
        double saved = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            var (plan, buffers) = RandomPlan(seed);
            long AlignedSum(IEnumerable<Buffer> some) => some.Sum(b => (4 * b.Length + 63) / 64 * 64);
            long peak = Enumerable.Range(0, 21).Max(moment => AlignedSum(buffers.Where(b => b.First <= moment && moment <= b.Last))),
                sum = AlignedSum(buffers);
            Assert.InRange(plan.WorkspaceBytes, peak, sum);
            // How far from the optimum on average, over all plans: 0 = optimal.
            saved += (double)(plan.WorkspaceBytes - peak) / Math.Max(1, peak) / 200;
        }

        Assert.InRange(saved, 0, 0.05);
    }

    [Fact]
    public void The_total_counts_what_others_allocate()
    {
        var plan = new MemoryPlan();
        plan.Request("a", MemoryCategory.Panels, 16);
        plan.Account("weights", MemoryCategory.Parameters, 1000);
        Assert.Equal((64L, 1064L, 1000L, 64L),
            (plan.WorkspaceBytes, plan.TotalBytes, plan.BytesOf(MemoryCategory.Parameters), plan.BytesOf(MemoryCategory.Panels)));
    }

    [Fact]
    public void A_placed_plan_takes_no_more_requests()
    {
        var plan = new MemoryPlan();
        var id = plan.Request("a", MemoryCategory.Panels, 3);
        _ = id.OffsetBytes;
        Assert.Throws<InvalidOperationException>(() => plan.Request("b", MemoryCategory.Panels, 1));
    }

    [Fact]
    public void A_handle_has_memory_once_the_plan_is_allocated_and_the_plan_is_allocated_once()
    {
        var plan = new MemoryPlan();
        var buffer = plan.Request("a", MemoryCategory.Panels, 3);
        int asked = 0;
        plan.WhenAllocated(() => asked = buffer.Span.Length);
        Assert.Contains("a: the plan is not allocated", Assert.Throws<InvalidOperationException>(() => buffer.Span.Length).Message,
            StringComparison.Ordinal);
        var workspace = new Workspace(plan);
        Assert.Equal(3, asked);
        buffer.Integers.Fill(0x3F800000);
        Assert.Equal([1, 1, 1], buffer.Span.ToArray());
        Assert.Throws<InvalidOperationException>(() => new Workspace(plan));
        workspace.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.Equal(0, default(PlannedBuffer).Span.Length);
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        var plan = new MemoryPlan();
        Assert.Throws<ArgumentException>(() => plan.Request("a", MemoryCategory.Panels, -1));
        Assert.Throws<ArgumentException>(() => plan.Request("a", MemoryCategory.Panels, 1, 3, 2));
    }
}
