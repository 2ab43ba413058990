using System.Globalization;
using Ds4Provider.Lease;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Ds4Provider.Registration;

/// <summary>
/// Healthy while the model answers, or nobody has asked for one; degraded while it is prepared; unhealthy when it cannot be
/// had or does not answer. Starts nothing.
/// </summary>
internal sealed class Ds4HealthCheck(Ds4Runtime runtime) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        runtime.Condition switch
        {
            { Endpoint: { } endpoint } => await AskAsync(endpoint, context.Registration.FailureStatus, cancellationToken).ConfigureAwait(false),
            { Step: { } step } => HealthCheckResult.Degraded(Describe(step)),
            { Failure: { } failure } => new HealthCheckResult(context.Registration.FailureStatus, failure.Message, failure),
            _ => HealthCheckResult.Healthy("No model was asked for yet."),
        };

    private static async Task<HealthCheckResult> AskAsync(ServerEndpoint endpoint, HealthStatus failureStatus, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using HttpResponseMessage reply = await endpoint.Http.GetAsync(new Uri("v1/models", UriKind.Relative), limit.Token).ConfigureAwait(false);
            reply.EnsureSuccessStatusCode();
            return HealthCheckResult.Healthy($"{endpoint.DisplayName ?? endpoint.Model} answers.", new Dictionary<string, object>
            {
                ["model"] = endpoint.Model,
                ["contextWindow"] = endpoint.ContextWindow,
            });
        }
        catch (Exception failure) when (failure is HttpRequestException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new HealthCheckResult(failureStatus, $"{endpoint.Model} does not answer; the next request finds or starts its server.", failure);
        }
    }

    private static string Describe(Ds4Progress step) =>
        step.Fraction is { } fraction ? string.Create(CultureInfo.InvariantCulture, $"{step.Message} ({fraction:P0})") : step.Message;
}
