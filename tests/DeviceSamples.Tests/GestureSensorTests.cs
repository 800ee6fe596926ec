using System.Buffers.Binary;
using System.Numerics;
using EdgeLearn.Gesture;
using Xunit;

namespace EdgeLearn.Tests;

public class GestureSensorTests
{
    const float Gravity = 9.807f;

    static void AssertClose(Vector3 expected, Vector3 actual, float tolerance)
    {
        for (int axis = 0; axis < 3; axis++) Assert.InRange(actual[axis], expected[axis] - tolerance, expected[axis] + tolerance);
    }

    [Fact]
    public void The_driver_reads_the_registers_in_metres_per_second_squared()
    {
        var chip = new SimulatedMpu6050();
        using var sensor = new Accelerometer(chip);
        // 32768 = 4 g: the range that the program sets.
        BinaryPrimitives.WriteInt16BigEndian(chip.Registers[SimulatedMpu6050.AccelerometerX..], 8192);
        BinaryPrimitives.WriteInt16BigEndian(chip.Registers[(SimulatedMpu6050.AccelerometerX + 2)..], -4096);
        BinaryPrimitives.WriteInt16BigEndian(chip.Registers[(SimulatedMpu6050.AccelerometerX + 4)..], short.MinValue);
        AssertClose(new Vector3(Gravity, -Gravity / 2, -4 * Gravity), sensor.Read(), 1e-4f);
    }

    [Fact]
    public void The_driver_leaves_the_chip_awake_with_its_range_and_filter()
    {
        var chip = new SimulatedMpu6050();
        using var sensor = new Accelerometer(chip);
        Assert.Equal(0x01, chip.Registers[SimulatedMpu6050.PowerManagement]);
        Assert.Equal(0x08, chip.Registers[SimulatedMpu6050.AccelerometerConfiguration]);
        Assert.Equal(0x04, chip.Registers[0x1A]);
    }

    [Fact]
    public void A_motion_comes_through_the_chip_and_is_clipped_at_its_range()
    {
        var motions = new Queue<Vector3>([new(1.5f, -2.5f, Gravity), new(100, -100, 0)]);
        using var sensor = new Accelerometer(new SimulatedMpu6050(motions.Dequeue));
        float step = 4 * Gravity / 32768;
        AssertClose(new Vector3(1.5f, -2.5f, Gravity), sensor.Read(), step);
        AssertClose(new Vector3(4 * Gravity, -4 * Gravity, 0), sensor.Read(), 2 * step);
    }

    [Fact]
    public void Another_chip_is_refused_with_a_hint()
    {
        var chip = new SimulatedMpu6050();
        chip.Registers[SimulatedMpu6050.WhoAmI] = 0x70;
        string message = Assert.Throws<EdgeLearnException>(() => new Accelerometer(chip)).Message;
        Assert.StartsWith("no MPU-6050 answers on bus 1 at address 0x68", message, StringComparison.Ordinal);
        Assert.EndsWith("check the wiring with 'i2cdetect -y 1', or use --simulate", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_window_tells_mean_and_amplitudes_whatever_the_phase()
    {
        var window = new MotionWindow();
        double[] features = new double[MotionWindow.FeatureLength];
        foreach (float phase in new[] { 0, 1, 2.5f })
        {
            for (int t = 0; t < MotionWindow.SampleCount; t++)
                window.Set(t, new Vector3(3 * MathF.Sin((MathF.Tau * 3 * t / 64) + phase), 0, Gravity));
            window.Describe(features);
            for (int i = 0; i < features.Length; i++)
            {
                float expected = i == 3 ? 3 : i == 18 ? Gravity : 0;
                Assert.InRange(features[i], expected - 1e-4, expected + 1e-4);
            }
        }
    }
}
