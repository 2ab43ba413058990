using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider;

/// <summary>A model cannot be made ready.</summary>
public sealed class Ds4UnavailableException : Ds4Exception
{
    internal Ds4UnavailableException(Ds4UnavailableReason reason, string problem, string hint, Exception? innerException = null)
        : base($"{problem} {hint}".TrimEnd(), innerException)
    {
        Reason = reason;
        Problem = problem;
        Hint = hint;
    }

    internal Ds4UnavailableException(Failed failed, Exception? innerException = null)
        : this(Translate(failed.Reason), failed.Message, failed.Hint, innerException)
    {
        LogPath = failed.Log;
        NeededBytes = failed.NeededBytes;
        FoundBytes = failed.FoundBytes;
    }

    /// <summary>The kind of obstacle.</summary>
    public Ds4UnavailableReason Reason { get; }

    /// <summary>What was wrong and where; <see cref="Exception.Message"/> has the hint as well.</summary>
    public string Problem { get; }

    /// <summary>What to do next.</summary>
    public string Hint { get; }

    /// <summary>Path of a log that has more, when there is one.</summary>
    public string? LogPath { get; }

    /// <summary>Bytes needed, for memory, disk and download.</summary>
    public long? NeededBytes { get; }

    /// <summary>Bytes found, for memory and disk.</summary>
    public long? FoundBytes { get; }

    // The two enumerations share their names; a specification holds them together.
    internal static Ds4UnavailableReason Translate(FailureReason reason) => Enum.Parse<Ds4UnavailableReason>(reason.ToString());
}
