using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Engine;
using Ds4Provider.Watchdog.Setup.SelfTest;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup;

/// <summary>
/// From nothing to everything a server needs. What can be refused at once is refused first: nobody waits for a compiler
/// or a download to learn that the machine is too small.
/// </summary>
internal sealed class ModelSetup(
    IMachine machine, IWeightStore weights, PayloadFolder payload, EngineBuilder engine, EngineSelfTest selfTest,
    IReadOnlyList<ModelVariant> variants, string? variant) : IModelSetup
{
    private const string Demo = "demo";
    private const string Flash = "deepseek-v4-flash";

    public bool Knows(string model) => model is Demo or Flash;

    public async Task<PreparedModel> PrepareAsync(string model, Func<bool> mayDownload, Action<Progress> progress, CancellationToken cancellationToken)
    {
        ModelPlan plan = model == Demo ? PlanDemo() : PlanFlash(mayDownload, progress);
        string path = await plan.Weights(progress, cancellationToken).ConfigureAwait(false);
        EngineBuild build = await selfTest.BuildAsync(engine, progress, cancellationToken).ConfigureAwait(false);
        return new PreparedModel(model, plan.DisplayName, build.Library, path, plan.ContextWindow)
        {
            Slots = plan.Slots,
            Temperature = plan.Temperature,
        };
    }

    private ModelPlan PlanDemo() =>
        new("ds4 demo (toy model)", ContextWindow: 0, (_, _) => Task.FromResult(DemoModel()))
        {
            // A model this small follows what it was taught only when it always takes the likeliest token.
            Temperature = 0,
        };

    private ModelPlan PlanFlash(Func<bool> mayDownload, Action<Progress> progress)
    {
        progress(new Progress(SetupPhase.Choosing, "Checking this machine's memory and disk"));
        MachineProfile profile = machine.Inspect();
        VariantChoice choice = VariantChooser.Choose(profile, variants, variant, weights.MissingBytes);
        return new ModelPlan(
            $"DeepSeek V4 Flash ({choice.Variant.Name})",
            choice.ContextWindow,
            (report, cancellationToken) => weights.EnsureAsync(choice.Variant, mayDownload, report, cancellationToken))
        {
            Slots = choice.Slots,
        };
    }

    private string DemoModel() => File.Exists(payload.DemoModel)
        ? payload.DemoModel
        : throw new SetupException(
            FailureReason.WeightsMissing, $"The demo model {payload.DemoModel} is missing from this installation.", "Install Ds4Provider again.");

    private sealed record ModelPlan(string DisplayName, int ContextWindow, Func<Action<Progress>, CancellationToken, Task<string>> Weights)
    {
        public int Slots { get; init; }

        public double? Temperature { get; init; }
    }
}
