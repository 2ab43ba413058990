namespace Ds4Provider.Lease;

/// <summary>A server that answers for a model.</summary>
/// <param name="RequestedModel">Model that was asked for, without prefix.</param>
/// <param name="Model">What the server calls it.</param>
/// <param name="ContextWindow">Tokens that prompt and reply may hold together; 0 = unknown.</param>
/// <param name="DisplayName">Name for people, when the server has one.</param>
/// <param name="Http">Client that reaches the server; owned by the locator.</param>
internal sealed record ServerEndpoint(string RequestedModel, string Model, int ContextWindow, string? DisplayName, HttpClient Http);
