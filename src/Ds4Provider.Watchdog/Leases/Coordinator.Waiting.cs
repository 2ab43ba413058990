using Ds4Provider.Watchdog.Connections;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Leases;

/// <content>
/// Clients that want a model while others use another one. They wait for their turn, in the order in which they came, and
/// hold no lease meanwhile; those who are waited for are told, and nothing is taken from them.
/// </content>
internal sealed partial class Coordinator
{
    private readonly List<WaitingClient> _waiting = [];

    /// <summary>Lets a client wait until nobody uses another model.</summary>
    private void Queue(ClientConnection connection, Acquire acquire)
    {
        // It does not want the model that it had: two clients that swap models would wait for each other.
        _held.Remove(connection);
        _waiting.Add(new WaitingClient(connection, acquire));
        LogWaits(_logger, connection.Client, connection.Pid, acquire.Model);
        foreach (ClientConnection user in _held.Where(held => held.Value.Model != acquire.Model).Select(held => held.Key))
            user.Send(new Notice($"{connection.Client} (process {connection.Pid}) waits for {acquire.Model}, which starts when nobody uses {_held[user].Model} any more."));
    }

    /// <summary>Gives their leases to those whose turn it is, and tells the others for whom they wait. Called after every change of leases.</summary>
    private void AdmitWaiting()
    {
        foreach (WaitingClient waiting in _waiting.ToArray())
        {
            Lease[] others = UsersOfOthers(waiting.Acquire.Model);
            if (others.Length == 0)
            {
                _waiting.Remove(waiting);
                Take(waiting.Connection, waiting.Acquire);
                Serve(waiting.Connection, waiting.Acquire.Model);
            }
            else
            {
                waiting.Tell($"{others[0].Model} is in use by {string.Join(", ", others.Select(lease => lease.ToString()))}; {waiting.Acquire.Model} starts when they are done");
            }
        }
    }

    private Lease[] UsersOfOthers(string model) => [.. Leases.Where(lease => lease.Model != model)];

    /// <summary>A client whose turn has not come.</summary>
    private sealed class WaitingClient(ClientConnection connection, Acquire acquire)
    {
        private string _told = "";

        public ClientConnection Connection { get; } = connection;

        public Acquire Acquire { get; } = acquire;

        /// <summary>Says for whom it waits, when that has changed.</summary>
        public void Tell(string message)
        {
            if (message == _told)
                return;
            _told = message;
            Connection.Send(new Progress(SetupPhase.Waiting, message));
        }
    }
}
