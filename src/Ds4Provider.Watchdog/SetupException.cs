using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog;

/// <summary>A model cannot be served; carries what the client is told.</summary>
internal sealed class SetupException : Exception
{
    public SetupException(Failed failed)
        : base(failed.Message) => Failed = failed;

    public SetupException(FailureReason reason, string message, string hint, string? log = null)
        : this(new Failed(reason, message, hint) { Log = log })
    {
    }

    /// <summary>The answer for the client.</summary>
    public Failed Failed { get; }
}
