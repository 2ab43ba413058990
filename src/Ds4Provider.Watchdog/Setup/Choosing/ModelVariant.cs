namespace Ds4Provider.Watchdog.Setup.Choosing;

/// <summary>One quantisation of a model, with what must be known of it before any byte is there.</summary>
/// <param name="Name">Short name, as in <c>DS4_MODEL_QUANT</c>.</param>
/// <param name="FileName">File name of the GGUF.</param>
/// <param name="FileBytes">Its exact size.</param>
/// <param name="MachineBytes">Memory of the smallest machine for which it is chosen unasked.</param>
internal sealed record ModelVariant(string Name, string FileName, long FileBytes, long MachineBytes)
{
    /// <summary>
    /// Hash of the content that this version was made for; null = whatever the hub announces for the name, recorded
    /// when it is fetched.
    /// </summary>
    public string? Sha256 { get; init; }

    /// <summary>Bytes that each further token of context takes in a session.</summary>
    public required long BytesPerToken { get; init; }

    /// <summary>Bytes of a session's state that do not grow with its context.</summary>
    public required long SessionBytes { get; init; }

    /// <summary>Longest context that the model was made for.</summary>
    public required int MaximumContext { get; init; }
}
