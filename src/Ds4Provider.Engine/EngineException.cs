namespace Ds4Provider.Engine;

/// <summary>The engine refused or failed; the message says what was wrong, where, and what to do.</summary>
public sealed class EngineException : Exception
{
    /// <summary>Creates the exception.</summary>
    public EngineException(EngineStatus status, string message)
        : base(message) => Status = status;

    /// <summary>Kind of the failure.</summary>
    public EngineStatus Status { get; }
}

/// <summary>Kinds of failure; the values are those of <c>ds4_status</c> in <c>ds4.h</c>.</summary>
public enum EngineStatus
{
    /// <summary>No failure.</summary>
    Ok = 0,

    /// <summary>A parameter is out of its range.</summary>
    InvalidArgument = 1,

    /// <summary>The file cannot be opened, mapped or read.</summary>
    Io = 2,

    /// <summary>The file is not a well-formed GGUF.</summary>
    Format = 3,

    /// <summary>Well-formed, but not a model that the engine runs.</summary>
    Unsupported = 4,

    /// <summary>Memory could not be allocated.</summary>
    OutOfMemory = 5,

    /// <summary>The tokens do not fit in the session's context.</summary>
    ContextFull = 6,

    /// <summary>Another compute call runs on this model.</summary>
    Busy = 7,

    /// <summary>Cancelled.</summary>
    Cancelled = 8,

    /// <summary>An earlier error left the session unusable.</summary>
    Poisoned = 9,

    /// <summary>A metadata key is missing or of another type.</summary>
    NotFound = 10,
}
