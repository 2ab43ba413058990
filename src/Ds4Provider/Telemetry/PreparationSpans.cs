using System.Diagnostics;

namespace Ds4Provider.Telemetry;

/// <summary>The way to a ready model as spans: one for all of it, and in it one for each step. Not thread-safe.</summary>
/// <param name="model">The model that is wanted.</param>
internal sealed class PreparationSpans(string model)
{
    private readonly Activity? _whole = Start($"prepare {model}", Activity.Current?.Context ?? default, model);
    private Activity? _step;
    private Ds4Phase? _phase;

    /// <summary>A step begins, or goes on.</summary>
    public void Enter(Ds4Phase phase)
    {
        if (_whole is null || phase == _phase)
            return;
        _step?.Dispose();
        (_step, _phase) = (Start(NameOf(phase), _whole.Context, model), phase);
    }

    /// <summary>It is over.</summary>
    /// <param name="failure">Why there is no model; null when there is one.</param>
    public void End(Exception? failure)
    {
        foreach (Activity? span in (Activity?[])[_step, _whole])
        {
            if (failure is not null)
            {
                string error = failure switch
                {
                    OperationCanceledException => "cancelled",
                    Ds4UnavailableException unavailable => unavailable.Reason.ToString(),
                    _ => failure.GetType().FullName!,
                };
                span?.SetTag("error.type", error);
                span?.SetStatus(ActivityStatusCode.Error);
            }
            span?.Dispose();
        }
        (_step, _phase) = (null, null);
    }

    private static string NameOf(Ds4Phase phase) => phase switch
    {
        Ds4Phase.Building => "build engine",
        Ds4Phase.Choosing => "choose variant",
        Ds4Phase.Downloading => "download weights",
        Ds4Phase.Verifying => "verify engine",
        Ds4Phase.Loading => "start server",
        Ds4Phase.Restarting => "restart server",
        _ => "wait",
    };

    // Steps are noted wherever news arrives: what is current there is not theirs to change.
    private static Activity? Start(string name, ActivityContext parent, string model)
    {
        Activity? current = Activity.Current;
        Activity? span = Instruments.Source.StartActivity(name, ActivityKind.Internal, parent);
        span?.SetTag("gen_ai.request.model", model);
        Activity.Current = current;
        return span;
    }
}
