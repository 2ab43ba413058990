namespace Ds4Provider;

/// <summary>A model that this library offers.</summary>
/// <param name="Id">Full id, e.g. <c>ds4/deepseek-v4-flash</c>.</param>
/// <param name="Name">Name for people.</param>
public sealed record Ds4Model(string Id, string Name)
{
    /// <summary>Id of DeepSeek V4 Flash.</summary>
    public const string FlashId = Prefix + "deepseek-v4-flash";

    /// <summary>Id of the demo model.</summary>
    public const string DemoId = Prefix + "demo";

    internal const string Prefix = "ds4/";

    /// <summary>Tokens that prompt and reply may hold together; 0 until the model has been prepared: it depends on the machine.</summary>
    public int ContextWindow { get; init; }

    /// <summary>A tiny model that shows how everything works and knows nothing. Never used in place of another one.</summary>
    public bool IsDemo => Id == DemoId;

    internal static IReadOnlyList<Ds4Model> All { get; } =
        [new(FlashId, "DeepSeek V4 Flash"), new(DemoId, "DS4 demo (tiny, for trying things out)")];

    /// <summary>Id as the server knows it.</summary>
    internal static string WireId(string id) => id.StartsWith(Prefix, StringComparison.Ordinal) ? id[Prefix.Length..] : id;
}
