using System.Device.I2c;
using System.Runtime.InteropServices;
using EdgeLearn;
using EdgeLearn.Gesture;

const int RealWindows = 120, SimulatedWindows = 600;

try
{
    if (args.Contains("--help") || args.Contains("-h"))
    {
        Console.WriteLine(GestureOptions.Usage);
        return 0;
    }

    var options = GestureOptions.Parse(args);
    bool simulate = options.Simulate || !Accelerometer.IsThere(options.Bus);
    if (simulate && !options.Simulate) Console.Error.WriteLine($"note: there is no /dev/i2c-{options.Bus}, the sensor is simulated");
    var hand = simulate ? new SimulatedHand((ulong)options.Seed) : null;
    using var sensor = new Accelerometer(hand is not null
        ? new SimulatedMpu6050(hand.Next)
        : I2cDevice.Create(new I2cConnectionSettings(options.Bus, options.Address)));
    using var run = new GestureRun(options, sensor, hand);

    using var stop = new CancellationTokenSource();
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

    int windows = options.Windows ?? (simulate ? SimulatedWindows : RealWindows);
    bool isTerminal = !Console.IsErrorRedirected;
    var result = run.Run(windows, (done, motion) =>
    {
        if (!simulate)
            Console.Error.WriteLine($"{done + 1}/{windows}: {(motion == Motion.Shake ? "shake left and right" : "draw circles")}");
        else if (isTerminal && (done + 1) % 50 == 0) Console.Error.Write($"\r{done + 1}/{windows} windows");
    }, stop.Token);
    if (simulate && isTerminal) Console.Error.WriteLine();
    if (result.Windows < windows) Console.Error.WriteLine($"stopped after {result.Windows} of {windows} windows");

    if (options.Json)
    {
        using var output = Console.OpenStandardOutput();
        Report.WriteJson(output, options, simulate, result);
    }
    else
    {
        Report.WriteText(Console.Out, result, simulate);
    }

    return 0;
}
catch (Exception e) when (e is EdgeLearnException or IOException)
{
    Console.Error.WriteLine($"error: {e.Message.ReplaceLineEndings(" ")}");
    return 1;
}
