using System.Device.I2c;
using System.Numerics;
using Iot.Device.Imu;

namespace EdgeLearn.Gesture;

/// <summary>An MPU-6050, read at 50 samples a second. Owns the device.</summary>
sealed class Accelerometer : IDisposable
{
    readonly Mpu6050 _sensor;

    /// <summary>Sets the sensor up: +-4 g, and its low-pass filter below half the sample rate.</summary>
    /// <param name="device">the bus, real or simulated; owned from here on</param>
    /// <exception cref="EdgeLearnException">Nothing answers, or it is no MPU-6050.</exception>
    public Accelerometer(I2cDevice device)
    {
        try
        {
            _sensor = new Mpu6050(device)
            {
                AccelerometerRange = AccelerometerRange.Range04G,
                GyroscopeBandwidth = GyroscopeBandwidth.Bandwidth0020Hz,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            device.Dispose();
            var place = device.ConnectionSettings;
            throw new EdgeLearnException($"no MPU-6050 answers on bus {place.BusId} at address 0x{place.DeviceAddress:x2} "
                + $"({e.Message.ReplaceLineEndings(" ").Trim()}): check the wiring with 'i2cdetect -y {place.BusId}', or use "
                + $"--simulate", e);
        }
    }

    /// <summary>Whether the system has this bus.</summary>
    public static bool IsThere(int bus) => File.Exists($"/dev/i2c-{bus}");

    /// <summary>Acceleration in m/s^2; at rest the vertical axis shows +9.8.</summary>
    public Vector3 Read() => _sensor.GetAccelerometer();

    public void Dispose() => _sensor.Dispose();
}
