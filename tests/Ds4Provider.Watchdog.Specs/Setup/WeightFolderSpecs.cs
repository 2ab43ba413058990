using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Specs.Setup;

public sealed class WeightFolderSpecs : IDisposable
{
    private static readonly ModelVariant Variant = FlashManifest.Variants[0] with { FileName = "weights.gguf", FileBytes = 1234567 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_of_the_exact_size_is_used()
    {
        string path = _folder.Write("weights.gguf", new string('w', 1234567));

        (await EnsureAsync()).ShouldBe(path);
    }

    [Fact]
    public async Task Missing_weights_are_named_with_size_and_folder_and_without_a_false_promise()
    {
        Failed failed = (await Should.ThrowAsync<SetupException>(EnsureAsync)).Failed;

        failed.Reason.ShouldBe(FailureReason.WeightsMissing);
        failed.Message.ShouldBe(
            $"weights.gguf (1,234,567 bytes) is not in {_folder.Path}, and this version of ds4 does not download weights yet.");
    }

    [Fact]
    public async Task A_truncated_file_is_refused()
    {
        _folder.Write("weights.gguf", "too short");

        Failed failed = (await Should.ThrowAsync<SetupException>(EnsureAsync)).Failed;

        failed.Reason.ShouldBe(FailureReason.WeightsInvalid);
        failed.Message.ShouldContain("has 9 bytes");
    }

    private Task<string> EnsureAsync() => new WeightFolder(_folder.Path).EnsureAsync(Variant, _ => { }, TestContext.Current.CancellationToken);
}
