namespace EdgeLearn;

/// <summary>
/// The threads that share the work of a kernel: the caller and as many helpers as <see cref="Use"/> asked for, none by default, since a
/// board is shared. A piece of work is cut into parts that are computed as one thread would, so that results have the same bits for any
/// number. Idle helpers spin for some microseconds and then sleep. Nothing is allocated after Use.
/// </summary>
public static unsafe class ThreadTeam
{
    /// <summary>Most threads of a team.</summary>
    public const int Most = 64;

    static Helpers? s_helpers;

    /// <summary>Threads of the team, the caller included.</summary>
    public static int Count => s_helpers?.Count ?? 1;

    /// <summary>Sets the number of threads for all kernels of the process from now on; 1 ends the helpers.</summary>
    /// <param name="count">1 to <see cref="Most"/></param>
    /// <exception cref="EdgeLearnException">The number is out of range.</exception>
    public static void Use(int count)
    {
        if (count is < 1 or > Most) throw new EdgeLearnException($"--threads {count}: expected 1 to {Most}");
        if (count == Count) return;
        s_helpers?.End();
        s_helpers = count > 1 ? new Helpers(count) : null;
    }

    /// <summary>
    /// Runs part(state, i, n) for i = 0..n-1, on n threads or, when another caller has the helpers, as the one part of one.
    /// </summary>
    internal static void Run(delegate*<void*, int, int, void> part, void* state)
    {
        var helpers = s_helpers;
        if (helpers is null || !helpers.TryRun(part, state)) part(state, 0, 1);
    }

    sealed class Helpers
    {
        // About 20 microseconds: longer than the gap between two kernels of a step, shorter than anybody notices.
        const int Spins = 400;

        readonly object _gate = new();
        delegate*<void*, int, int, void> _part;
        void* _state;
        Exception? _failure;
        int _busy;
        int _generation;
        int _sleeping;
        int _running;
        bool _ended;

        public Helpers(int count)
        {
            Count = count;
            for (int i = 1; i < count; i++)
            {
                int index = i;
                new Thread(() => Work(index), 256 << 10) { IsBackground = true, Name = "kernel" }.Start();
            }
        }

        public int Count { get; }

        public bool TryRun(delegate*<void*, int, int, void> part, void* state)
        {
            if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0) return false;
            _part = part;
            _state = state;
            _failure = null;
            Volatile.Write(ref _running, Count - 1);
            Wake();
            try
            {
                part(state, 0, Count);
            }
            finally
            {
                // The state lies on this stack: nobody may leave before all have finished.
                for (int spin = 0; Volatile.Read(ref _running) > 0; spin++)
                {
                    if (spin < Spins) Thread.SpinWait(20);
                    else Thread.Yield();
                }

                Volatile.Write(ref _busy, 0);
            }

            if (_failure is { } failure) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            return true;
        }

        // After the work that runs, and for good: who still holds the old team works alone.
        public void End()
        {
            while (Interlocked.CompareExchange(ref _busy, 1, 0) != 0) Thread.Yield();
            _ended = true;
            Wake();
        }

        void Wake()
        {
            Interlocked.Increment(ref _generation);
            if (Volatile.Read(ref _sleeping) == 0) return;
            lock (_gate) Monitor.PulseAll(_gate);
        }

        void Work(int index)
        {
            int seen = 0;
            while (true)
            {
                seen = NextGeneration(seen);
                if (_ended) return;
                try
                {
                    _part(_state, index, Count);
                }
                catch (Exception e)
                {
                    _failure = e;
                }

                Interlocked.Decrement(ref _running);
            }
        }

        // Every generation waits for all helpers, so none is ever missed.
        int NextGeneration(int seen)
        {
            for (int spin = 0; spin < Spins; spin++)
            {
                if (Volatile.Read(ref _generation) != seen) return seen + 1;
                Thread.SpinWait(20);
            }

            lock (_gate)
            {
                Interlocked.Increment(ref _sleeping);
                while (Volatile.Read(ref _generation) == seen) Monitor.Wait(_gate);
                Interlocked.Decrement(ref _sleeping);
            }

            return seen + 1;
        }
    }
}
