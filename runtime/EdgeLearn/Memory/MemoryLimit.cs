namespace EdgeLearn;

/// <summary>The promise that a run stays below a number of bytes, kept before anything is allocated.</summary>
static class MemoryLimit
{
    /// <summary>Refuses a plan that needs more than the limit, and says what would fit.</summary>
    /// <param name="plan">the plan of the run at its batch size</param>
    /// <param name="limitBytes">the promise; null = none</param>
    /// <param name="batch">the batch size of the plan</param>
    /// <param name="bytesAtBatch">total bytes of the same run with another batch size</param>
    /// <exception cref="EdgeLearnException">The plan does not fit.</exception>
    public static void Enforce(MemoryPlan plan, long? limitBytes, int batch, Func<int, long> bytesAtBatch)
    {
        if (limitBytes is not { } limit || plan.TotalBytes <= limit) return;
        int fits = LargestBatch(batch, limit, bytesAtBatch);
        string advice = fits > 0
            ? $"--batch {fits} needs {bytesAtBatch(fits):N0} and would fit"
            : $"even --batch 1 needs {bytesAtBatch(1):N0}: choose a smaller network, or a rule or update that keeps less (see 'plan')";
        var (name, bytes) = plan.Largest;
        throw new EdgeLearnException($"the run needs {plan.TotalBytes:N0} bytes, more than --memory-limit {limit:N0}, even with as few "
            + $"rows at a time as it can (the largest part: {name} with {bytes:N0}); {advice}");
    }

    // The need grows with the batch, so bisection finds the largest that fits; 0 = none.
    static int LargestBatch(int batch, long limit, Func<int, long> bytesAtBatch)
    {
        int low = 0, high = batch - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (bytesAtBatch(middle) <= limit) low = middle;
            else high = middle - 1;
        }

        return low;
    }
}
