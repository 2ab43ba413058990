namespace Ds4Provider.Wire.Server;

/// <summary>
/// What the watchdog tells the server: the first line of its standard input. The rest of standard input is the life
/// line: at its end the server saves and stops. Further lines are <see cref="ServerCommand"/>s.
/// </summary>
/// <param name="Socket">Path of the Unix socket to listen on, in a directory of mode 0700.</param>
/// <param name="Library">Path of <c>libds4</c>.</param>
/// <param name="ModelId">Model id, e.g. <c>demo</c>.</param>
/// <param name="ModelPath">Path of the GGUF.</param>
/// <param name="ContextWindow">Tokens a session holds; 0 = what the model was trained for.</param>
public sealed record ServerConfiguration(string Socket, string Library, string ModelId, string ModelPath, int ContextWindow)
{
    /// <summary>What the model is called for people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Sampling temperature of requests that name none; null = what the model was trained for (1).</summary>
    public double? Temperature { get; init; }

    /// <summary>Where states of conversations outlive the server, in a folder for each model; null = nowhere.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Replies that are generated at a time; 0 = as many as memory allows.</summary>
    public int Slots { get; init; }

    /// <summary>Compute threads; 0 = one per usable core.</summary>
    public int Threads { get; init; }
}

/// <summary>A later line of the server's standard input.</summary>
/// <param name="Listen">Open this TCP listener.</param>
public sealed record ServerCommand(TcpListenerConfiguration? Listen = null)
{
    /// <summary>Close the TCP listener that was opened at this address. There is no answer.</summary>
    public string? Close { get; init; }
}

/// <summary>A TCP listener.</summary>
/// <param name="Host">Address of an interface; other machines reach the server unless it is a loopback address.</param>
/// <param name="Port">Port, or 0 for a free one.</param>
/// <param name="ApiKey">Key that every request must carry as <c>Authorization: Bearer</c> or <c>x-api-key</c>.</param>
public sealed record TcpListenerConfiguration(string Host, int Port, string ApiKey);
