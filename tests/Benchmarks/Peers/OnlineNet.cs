using EdgeLearn.Commands;

namespace EdgeLearn.Benchmarks;

/// <summary>The batch-1 step of native/online.c on a copy of a workload's numbers.</summary>
sealed unsafe class OnlineNet : IDisposable
{
    readonly NativeLoops _loops;
    readonly PreparedWorkload _work;
    readonly void* _net;

    /// <summary>
    /// Whether the loops can do this: dense tanh layers whose inputs fill registers, one sample, backprop with SGD or inference.
    /// </summary>
    public static bool Fits(NativeLoops loops, PreparedWorkload work)
    {
        var workload = work.Workload;
        bool widths = work.Network.Layers.All(layer => layer is DenseLayer && layer.InputLength % (loops.VectorBits / 32) == 0);
        return widths && workload.Batch == 1 && workload.Rule is null or BackpropSettings && workload.Update is SgdSettings;
    }

    public OnlineNet(NativeLoops loops, PreparedWorkload work)
    {
        _loops = loops;
        _work = work;
        int[] widths = [work.Network.InputLength, .. work.Network.Layers.Select(layer => layer.OutputLength)];
        fixed (int* p = widths)
            _net = ((delegate* unmanaged[Cdecl]<int, int*, void*>)loops.Function("edge_net_create"))(widths.Length - 1, p);
        Reset();
    }

    /// <summary>Takes the workload's sample and its present weights.</summary>
    public void Reset()
    {
        var layer = (delegate* unmanaged[Cdecl]<void*, int, float*, float*, void>)_loops.Function("edge_net_layer");
        for (int i = 0; i < _work.Network.Layers.Length; i++)
        {
            var slices = _work.Network.Layers[i].Slices;
            fixed (float* w = _work.Network.Parameters[slices[0]], b = _work.Network.Parameters[slices[1]]) layer(_net, i, w, b);
        }

        fixed (float* x = _work.Inputs)
            ((delegate* unmanaged[Cdecl]<void*, float*, int, void>)_loops.Function("edge_net_sample"))(_net, x, _work.Labels[0]);
    }

    /// <summary>Training steps, one after the other.</summary>
    public void Steps(int count)
        => ((delegate* unmanaged[Cdecl]<void*, float, long, void>)_loops.Function("edge_net_steps"))(_net, _work.Workload.Rate, count);

    /// <summary>Forward passes, one after the other.</summary>
    public void Forwards(int count) => ((delegate* unmanaged[Cdecl]<void*, long, void>)_loops.Function("edge_net_forwards"))(_net, count);

    /// <summary>One training step; returns its loss before the update.</summary>
    public double Step() => ((delegate* unmanaged[Cdecl]<void*, float, float>)_loops.Function("edge_net_step"))(_net, _work.Workload.Rate);

    /// <summary>Nanoseconds of single steps.</summary>
    public void Times(Span<long> ns)
    {
        fixed (long* p = ns)
        {
            ((delegate* unmanaged[Cdecl]<void*, float, long, long*, void>)_loops.Function("edge_net_times"))(_net, _work.Workload.Rate,
                ns.Length, p);
        }
    }

    public void Dispose() => ((delegate* unmanaged[Cdecl]<void*, void>)_loops.Function("edge_net_free"))(_net);
}
