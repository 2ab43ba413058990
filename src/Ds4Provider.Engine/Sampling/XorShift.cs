namespace Ds4Provider.Engine.Sampling;

/// <summary>xorshift64*: repeatable for a seed on every platform and version of .NET. Not thread-safe.</summary>
internal sealed class XorShift
{
    private ulong _state;

    /// <summary>Begins the sequence of <paramref name="seed"/>.</summary>
    public XorShift(long seed)
    {
        // The mixing of splitmix64: neighbouring seeds must not give similar first numbers.
        var mixed = (ulong)seed + 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        mixed ^= mixed >> 31;
        _state = mixed == 0 ? 0x9E3779B97F4A7C15 : mixed; // 0 would stay 0
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return ((_state * 0x2545F4914F6CDD1D) >> 11) * (1.0 / (1UL << 53));
    }
}
