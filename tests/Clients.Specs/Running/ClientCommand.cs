namespace Clients.Specs.Running;

/// <summary>How a client is started.</summary>
/// <param name="Program">Path of the program.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Variables">What its environment has besides <see cref="ClientFolder.Environment"/>: secrets and switches.</param>
internal sealed record ClientCommand(string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Variables);

/// <summary>How a run ended.</summary>
/// <param name="ExitCode">Exit code of the client.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Errors">Its standard error.</param>
internal sealed record ClientResult(int ExitCode, string Output, string Errors);
