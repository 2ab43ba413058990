namespace Ds4Provider.Lease;

/// <summary>How it stands with the model that was asked for last; at most one is set, none when nothing was asked for.</summary>
/// <param name="Endpoint">Where it answers.</param>
/// <param name="Step">What is done until it answers.</param>
/// <param name="Failure">Why it does not.</param>
internal sealed record ServerCondition(ServerEndpoint? Endpoint = null, Ds4Progress? Step = null, Exception? Failure = null);
