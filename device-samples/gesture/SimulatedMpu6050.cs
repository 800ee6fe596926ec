using System.Buffers.Binary;
using System.Device.I2c;
using System.Numerics;

namespace EdgeLearn.Gesture;

/// <summary>
/// An MPU-6050 on a bus that is not there: registers that are written, read back and reset like those of the chip, and acceleration
/// registers that take the next sample each time a read starts at them. The driver cannot tell the difference.
/// </summary>
/// <remarks>Source: InvenSense, MPU-6000 and MPU-6050 Register Map and Descriptions, revision 4.2.</remarks>
sealed class SimulatedMpu6050(Func<Vector3>? motion = null) : I2cDevice
{
    internal const byte AccelerometerConfiguration = 0x1C;
    internal const byte AccelerometerX = 0x3B;
    internal const byte Temperature = 0x41;
    internal const byte PowerManagement = 0x6B;
    internal const byte WhoAmI = 0x75;

    const byte ResetBit = 0x80, SleepBit = 0x40;
    const float Gravity = 9.807f;

    readonly byte[] _registers = [.. AfterReset()];
    int _pointer;

    public override I2cConnectionSettings ConnectionSettings { get; } = new(1, 0x68);

    public Span<byte> Registers => _registers;

    static byte[] AfterReset()
    {
        byte[] registers = new byte[128];
        registers[PowerManagement] = SleepBit;
        registers[WhoAmI] = 0x68;
        return registers;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _pointer = buffer[0];
        foreach (byte value in buffer[1..])
        {
            if (_pointer == PowerManagement && (value & ResetBit) != 0) AfterReset().AsSpan(..WhoAmI).CopyTo(_registers);
            else if (_pointer != WhoAmI) _registers[_pointer] = value;
            _pointer = (_pointer + 1) % _registers.Length;
        }
    }

    public override void Read(Span<byte> buffer)
    {
        bool isAwake = (_registers[PowerManagement] & SleepBit) == 0;
        if (_pointer == AccelerometerX && isAwake && motion is not null) Measure(motion());
        for (int i = 0; i < buffer.Length; i++)
        {
            buffer[i] = _registers[_pointer];
            _pointer = (_pointer + 1) % _registers.Length;
        }
    }

    public override void WriteRead(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer)
    {
        Write(writeBuffer);
        Read(readBuffer);
    }

    // m/s^2 to the chip's 16 bits at the range that is set, clipped as the chip does.
    void Measure(Vector3 acceleration)
    {
        int range = 2 << (_registers[AccelerometerConfiguration] >> 3 & 3);
        for (int axis = 0; axis < 3; axis++)
        {
            float raw = Math.Clamp(MathF.Round(acceleration[axis] / Gravity * 32768 / range), short.MinValue, short.MaxValue);
            BinaryPrimitives.WriteInt16BigEndian(_registers.AsSpan(AccelerometerX + 2 * axis), (short)raw);
        }
    }
}
