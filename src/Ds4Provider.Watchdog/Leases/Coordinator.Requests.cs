using System.Net;
using Ds4Provider.Watchdog.Connections;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Leases;

/// <content>What clients ask.</content>
internal sealed partial class Coordinator
{
    private const int MaximumLingerSeconds = 600;

    private void Answer(ClientConnection connection, WatchdogMessage message)
    {
        switch (message)
        {
            case StatusRequest:
                connection.Send(Describe());
                break;
            case Stop:
                End($"{connection.Client} (process {connection.Pid}) asked for it");
                break;
            case Acquire or Listen when _ending:
                connection.Send(new Failed(FailureReason.Stopping, "The watchdog is stopping.", "Connect again: a new one starts."));
                break;
            case Acquire acquire:
                Grant(connection, acquire);
                break;
            case Linger linger:
                Prolong(connection, linger.Seconds);
                break;
            case Listen listen:
                OpenListener(connection, listen);
                break;
            default:
                RefuseRequest(connection, $"A client does not send {message.GetType().Name}.");
                connection.CloseAfterFlush();
                break;
        }
    }

    private void Grant(ClientConnection connection, Acquire acquire)
    {
        string model = acquire.Model;
        if (!_runner.Knows(model))
        {
            connection.Send(new Failed(
                FailureReason.UnknownModel, $"There is no model {model}.", "Ask for deepseek-v4-flash or demo."));
            return;
        }
        // A process that comes back is the one that its lingering lease waited for.
        _lingering.RemoveAll(lease => lease.Pid == connection.Pid);
        _waiting.RemoveAll(waiting => waiting.Connection == connection);
        if (UsersOfOthers(model).Any(lease => lease != _held.GetValueOrDefault(connection)))
        {
            Queue(connection, acquire);
            WatchGrace();
            return;
        }
        Take(connection, acquire);
        WatchGrace();
        Serve(connection, model);
    }

    private void Take(ClientConnection connection, Acquire acquire)
    {
        if (!_held.TryGetValue(connection, out Lease? lease))
        {
            lease = new Lease(connection.Client, connection.Pid, acquire.Model);
            _held.Add(connection, lease);
            LogLeaseTaken(_logger, lease.Client, lease.Pid, acquire.Model);
        }
        (lease.Model, lease.MayDownload) = (acquire.Model, !acquire.AskBeforeDownload);
    }

    private void Prolong(ClientConnection connection, int seconds)
    {
        if (seconds is < 0 or > MaximumLingerSeconds)
            RefuseRequest(connection, $"A lease lingers 0 to {MaximumLingerSeconds} seconds, not {seconds}.");
        else if (!_held.TryGetValue(connection, out Lease? lease))
            RefuseRequest(connection, "There is no lease to linger: acquire a model first.");
        else
            lease.Linger = TimeSpan.FromSeconds(seconds);
    }

    private void OpenListener(ClientConnection connection, Listen listen)
    {
        if (!IPAddress.TryParse(listen.Host, out _))
            RefuseRequest(connection, $"{listen.Host} is not an address; use 127.0.0.1, or the address of an interface of this machine.");
        else if (listen.Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
            RefuseRequest(connection, $"{listen.Port} is not a port.");
        else if (!_held.ContainsKey(connection) || _run?.Server is not { } server)
            RefuseRequest(connection, "No model answers yet: acquire one and wait for ready before listening.");
        else
            _ = OpenListenerAsync(connection, listen, server);
    }

    private async Task OpenListenerAsync(ClientConnection connection, Listen listen, IServerControl server)
    {
        WatchdogMessage answer;
        try
        {
            answer = await server.ListenAsync(listen.Host, listen.Port, CancellationToken.None).ConfigureAwait(false);
        }
        catch (SetupException exception)
        {
            answer = exception.Failed;
        }
        _mailbox.Post(() => ListenerAnswered(connection, server, answer));
    }

    private void ListenerAnswered(ClientConnection connection, IServerControl server, WatchdogMessage answer)
    {
        connection.Send(answer);
        if (answer is not Listening listening)
            return;
        if (_connections.Contains(connection))
            _listening.Add((connection, server, listening));
        else
            server.Release(listening);
    }

    /// <summary>A listener lives as long as those that asked for it.</summary>
    private void ReleaseListeners(ClientConnection connection)
    {
        foreach ((_, IServerControl server, Listening listening) in _listening.Where(held => held.Connection == connection))
            server.Release(listening);
        _listening.RemoveAll(held => held.Connection == connection);
    }

    private Status Describe() => new(
        _version,
        Environment.ProcessId,
        [.. Leases.Select(lease => new LeaseStatus(lease.Client, lease.Pid, lease.Model))])
    {
        Waiting = [.. _waiting.Select(waiting => new LeaseStatus(waiting.Connection.Client, waiting.Connection.Pid, waiting.Acquire.Model))],
        Model = _run?.Model,
        Phase = _run switch
        {
            null => null,
            { IsStopping: true } => SetupPhase.Stopping,
            { Ready: not null } => SetupPhase.Ready,
            var run => run.Progress.Phase,
        },
        ServerPid = _run?.Ready?.ServerPid,
        ComputesOn = _run?.Ready?.ComputesOn,
        Restarts = _restarts,
        ActiveRequests = _run?.Work?.ActiveRequests ?? 0,
        Reuse = _run?.Work?.Reuse,
    };

    private static void RefuseRequest(ClientConnection connection, string message) =>
        connection.Send(new Failed(FailureReason.BadRequest, message, "Use a Ds4Provider client of this version."));
}
