namespace Ds4Provider.Server.Scheduling;

/// <summary>What ends when the server stops: a prompt at once, since nobody has anything of its reply yet; a reply when its time is up.</summary>
internal readonly record struct StopTokens(CancellationToken Prompts, CancellationToken Replies);
