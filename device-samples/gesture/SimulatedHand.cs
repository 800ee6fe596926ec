using System.Numerics;

namespace EdgeLearn.Gesture;

/// <summary>
/// A hand that moves the sensor: the acceleration of each of its two motions, with a strength, speed and starting point of its own every
/// time, gravity, a trembling and the sensor's noise. The same seed gives the same movements.
/// </summary>
sealed class SimulatedHand(ulong seed)
{
    const float Gravity = 9.807f;
    const float NoiseDeviation = 0.8f;

    long _draws;
    long _samples;
    float _strength, _hertz, _phase, _slant, _turning, _lean;
    Motion _motion;

    /// <summary>Whether the sensor has been mounted again, turned by a quarter around the vertical.</summary>
    public bool IsTurned { get; set; }

    public void Begin(Motion motion)
    {
        _motion = motion;
        _strength = Between(4, 8);
        _hertz = motion == Motion.Shake ? Between(1.8f, 3.4f) : Between(1.4f, 2.8f);
        _phase = Between(0, MathF.Tau);
        _slant = Between(-0.3f, 0.3f);
        _turning = Between(-1, 1) < 0 ? -1 : 1;
        _lean = Between(-0.15f, 0.15f);
    }

    /// <summary>Acceleration at the next sample, in m/s^2.</summary>
    public Vector3 Next()
    {
        float angle = _phase + MathF.Tau * _hertz * _samples++ / MotionWindow.SamplesPerSecond;
        var (sin, cos) = MathF.SinCos(angle);
        // A shake leaves its line a little; a circle is never round.
        var moved = _motion == Motion.Shake
            ? new Vector3(sin, _slant * sin, 0.2f * cos)
            : new Vector3(sin, _turning * (0.75f + _slant) * cos, 0.1f * sin);
        var held = new Vector3(moved.X, moved.Y, moved.Z) * _strength + Gravity * new Vector3(_lean, -_lean, 1);
        if (IsTurned) held = new Vector3(-held.Y, held.X, held.Z);
        return held + NoiseDeviation * new Vector3(Normal(), Normal(), Normal());
    }

    float Between(float low, float high) => low + (high - low) * Noise.UniformAt(seed, _draws++);

    float Normal() => Noise.GaussianAt(seed + 1, _draws++);
}

/// <summary>What the hand does.</summary>
enum Motion
{
    /// <summary>Left and right.</summary>
    Shake,

    /// <summary>Circles over the table.</summary>
    Circle,
}
