namespace Ds4Provider.Watchdog.Setup.Choosing;

/// <summary>DeepSeek V4 Flash: its files and its shape.</summary>
internal static class FlashManifest
{
    private const string Q2 = "DeepSeek-V4-Flash-IQ2XXS-w2Q2K-AProjQ8-SExpQ8-OutQ8-chat-v2";
    private const string Q4 = "DeepSeek-V4-Flash-Q4KExperts-F16HC-F16Compressor-F16Indexer-Q8Attn-Q8Shared-Q8Out-chat-v2";

    private const string Mixed = "DeepSeek-V4-Flash-Layers37-42Q4KExperts-OtherExpertLayersIQ2XXSGateUp-Q2KDown-AProjQ8-SExpQ8-OutQ8-chat-v2";

    private const int Layers = 43;
    private const int Ratio4Layers = 21;
    private const int Ratio128Layers = 20;
    private const int Window = 128;
    private const long RowBytes = 512 * sizeof(float);
    private const long IndexerRowBytes = 128 * sizeof(float);

    // A ratio-4 layer keeps a compressed and an indexer row for every 4 tokens, a ratio-128 layer one row for every 128.
    private const long BytesPerToken = (Ratio4Layers * (RowBytes + IndexerRowBytes) / 4) + (Ratio128Layers * RowBytes / 128);

    // Raw windows of all layers, and the open windows of the compressors: keys and scores.
    private const long SessionBytes =
        (Layers * Window * RowBytes)
        + (Ratio4Layers * 2 * sizeof(float) * ((8 * 1024) + (8 * 256)))
        + (Ratio128Layers * 2 * sizeof(float) * (128 * 512));

    // "256 GB" as machines are sold: a Linux box of that size reports a little less than 256 GiB.
    private const long Machine256 = 256_000_000_000;

    /// <summary>Where the files are published: owner and name at the model hub.</summary>
    public const string Repository = "antirez/deepseek-v4-gguf";

    /// <summary>First those that are chosen unasked, then those that only <c>DS4_MODEL_QUANT</c> names.</summary>
    public static IReadOnlyList<ModelVariant> Variants { get; } =
    [
        Variant("q2-imatrix", Q2 + "-imatrix.gguf", 86_720_111_488, machineBytes: 0) with
        {
            Sha256 = "efc7ed607ff27076e3e501fc3fefefa33c0ed8cf1eff483a2b7fdc0c2e616668",
        },
        Variant("q4-imatrix", Q4 + "-imatrix.gguf", 164_633_502_592, Machine256),
        Variant("q2-q4-imatrix", Mixed + "-imatrix-fixed.gguf", 97_591_747_456, machineBytes: long.MaxValue),
        Variant("q2", Q2 + ".gguf", 86_720_111_488, machineBytes: long.MaxValue),
        Variant("q4", Q4 + ".gguf", 164_633_502_592, machineBytes: long.MaxValue),
    ];

    private static ModelVariant Variant(string name, string fileName, long fileBytes, long machineBytes) =>
        new(name, fileName, fileBytes, machineBytes)
        {
            BytesPerToken = BytesPerToken,
            SessionBytes = SessionBytes,
            MaximumContext = 1 << 20,
        };
}
