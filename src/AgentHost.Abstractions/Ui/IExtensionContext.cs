namespace AgentHost;

/// <summary>The session that an extension sees.</summary>
public interface IExtensionContext
{
    /// <summary>The person in front of the host.</summary>
    IExtensionUi Ui { get; }

    /// <summary>How the host was started.</summary>
    HostMode Mode { get; }

    /// <summary>Directory that the session works in.</summary>
    string WorkingDirectory { get; }

    /// <summary>Full name of the model in use, <c>ds4/demo</c>; null before one was chosen.</summary>
    string? Model { get; }

    /// <summary>Level of thinking that was asked for.</summary>
    ThinkingLevel ThinkingLevel { get; }

    /// <summary>Cancels the running turn; does nothing when none runs.</summary>
    void Abort();

    /// <summary>Ends the host after the running turn.</summary>
    void RequestShutdown();
}

/// <summary>How a host talks to people.</summary>
public enum HostMode
{
    /// <summary>A conversation in a terminal.</summary>
    Interactive,

    /// <summary>One prompt, the answer on standard output.</summary>
    Print,
}
