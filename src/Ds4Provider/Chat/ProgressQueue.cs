using System.Threading.Channels;

namespace Ds4Provider.Chat;

/// <summary>Progress that is reported on other threads and read by one stream.</summary>
internal sealed class ProgressQueue : IProgress<Ds4Progress>
{
    private readonly Channel<Ds4Progress> _steps = Channel.CreateUnbounded<Ds4Progress>(new UnboundedChannelOptions { SingleReader = true });

    public void Report(Ds4Progress value) => _steps.Writer.TryWrite(value);

    /// <summary>The steps, until the work is over, however it ended.</summary>
    public IAsyncEnumerable<Ds4Progress> ReadUntilAsync(Task work)
    {
        work.ContinueWith(
            _ => _steps.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return _steps.Reader.ReadAllAsync(CancellationToken.None);
    }
}
