using Ds4Provider.Cli.Output;
using Ds4Provider.Wire.Watchdog;
using Progress = Ds4Provider.Wire.Watchdog.Progress;

namespace Ds4Provider.Cli.Clients;

/// <summary>A model that a command holds: it answers until this is disposed of. The steps to it are shown on standard error.</summary>
internal sealed class ModelLease : IAsyncDisposable
{
    private const int MaximumConnections = 3;

    private ModelLease(WatchdogConnection connection, Ready ready) => (Connection, Ready) = (connection, ready);

    /// <summary>The lease itself; what happens to the model later is received from it.</summary>
    public WatchdogConnection Connection { get; }

    /// <summary>Where the model answers.</summary>
    public Ready Ready { get; }

    /// <summary>Starts the watchdog if need be, and waits until the model answers.</summary>
    /// <param name="client">Name shown to people, e.g. <c>ds4 serve</c>.</param>
    /// <param name="model">Model id.</param>
    /// <param name="question">Asks before weights are fetched.</param>
    /// <param name="cancellationToken">Gives the lease back.</param>
    /// <exception cref="WatchdogUnavailableException">The model cannot be served, or somebody stopped the watchdog meanwhile.</exception>
    public static async Task<ModelLease> AcquireAsync(string client, string model, DownloadQuestion question, CancellationToken cancellationToken)
    {
        var printer = new ProgressPrinter(Console.Error, TimeProvider.System);
        for (int connections = 0; connections < MaximumConnections; connections++)
        {
            WatchdogConnection connection = await WatchdogAccess.ConnectAsync(client, cancellationToken).ConfigureAwait(false);
            Ready? ready = null;
            try
            {
                ready = await AskAsync(connection, model, question, printer, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                if (ready is null)
                    await connection.DisposeAsync().ConfigureAwait(false);
            }
            if (ready is not null)
                return new ModelLease(connection, ready);
        }
        throw new WatchdogUnavailableException(
            FailureReason.StartFailed, $"The watchdog ended {MaximumConnections} times while it prepared {model}.", "See `ds4 logs`.");
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <returns>Null when the watchdog went away; the next one may be asked.</returns>
    private static async Task<Ready?> AskAsync(
        WatchdogConnection connection, string model, DownloadQuestion question, ProgressPrinter printer, CancellationToken cancellationToken)
    {
        bool isHeld = false;
        await connection.TrySendAsync(question.Acquire(model), cancellationToken).ConfigureAwait(false);
        await foreach (WatchdogMessage message in connection.ReceiveAllAsync(cancellationToken).ConfigureAwait(false))
        {
            switch (message)
            {
                case Progress progress:
                    isHeld = true;
                    printer.Print(progress);
                    break;
                case Notice notice:
                    await Console.Error.WriteLineAsync(notice.Message).ConfigureAwait(false);
                    break;
                case Ready ready:
                    return ready;
                case Failed { Reason: FailureReason.Stopping }:
                    break; // It ended before it heard of this lease.
                case Failed failed when DownloadQuestion.IsAgreed(failed):
                    await connection.TrySendAsync(new Acquire(model), cancellationToken).ConfigureAwait(false);
                    break;
                case Failed failed:
                    throw new WatchdogUnavailableException(DownloadQuestion.Explain(failed));
                case Stopping stopping when isHeld:
                    // Somebody wants all to end; what starts it again at once would be against them.
                    throw new WatchdogUnavailableException(FailureReason.Stopping, stopping.Reason, "Ask again to start it anew.");
            }
        }
        return null;
    }
}
