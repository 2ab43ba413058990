using System.Threading.Channels;

namespace Ds4Provider.Watchdog.Leases;

/// <summary>Runs actions one after another, so that the state they share needs no lock.</summary>
internal sealed class Mailbox
{
    private readonly Channel<Action> _actions = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Adds an action. After <see cref="Close"/> it is dropped.</summary>
    public void Post(Action action) => _actions.Writer.TryWrite(action);

    /// <summary>Adds a question and waits for its answer; the default value once the mailbox has ended.</summary>
    public async Task<T?> AskAsync<T>(Func<T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => answer.SetResult(question()));
        await Task.WhenAny(answer.Task, _ended.Task).ConfigureAwait(false);
        return answer.Task.IsCompletedSuccessfully ? answer.Task.Result : default;
    }

    /// <summary>
    /// Runs the actions until <see cref="Close"/>. An exception of one ends the mailbox and is thrown here: the shared
    /// state may be half changed.
    /// </summary>
    public async Task RunAsync()
    {
        try
        {
            await foreach (Action action in _actions.Reader.ReadAllAsync().ConfigureAwait(false))
                action();
        }
        finally
        {
            Close();
            _ended.TrySetResult();
        }
    }

    /// <summary>Takes no more actions; <see cref="RunAsync"/> returns after those it has.</summary>
    public void Close() => _actions.Writer.TryComplete();
}
