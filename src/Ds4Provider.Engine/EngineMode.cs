namespace Ds4Provider.Engine;

/// <summary>How a session calculates; the values are those of <c>ds4_mode</c> in <c>ds4.h</c>.</summary>
public enum EngineMode
{
    /// <summary>Float32 state without the model's roundings; the same result for any thread count.</summary>
    Exact = 0,

    /// <summary>The model's FP8, FP4 and F16 round trips of its KV state.</summary>
    Rounded = 1,

    /// <summary>Rounded, with the backend's fastest kernels.</summary>
    Fast = 2,
}
