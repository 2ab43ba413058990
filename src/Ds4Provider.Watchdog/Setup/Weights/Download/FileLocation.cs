using System.Net.Http.Headers;
using Ds4Provider.Watchdog.Setup.Choosing;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>
/// The current address of a file, shared by all connections. When one of them finds that it does not serve any more, the
/// hub is asked anew, once for all.
/// </summary>
internal sealed class FileLocation(HubOrigin origin, ModelVariant variant, HubFile first) : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1);
    private volatile Lease _current = new(first);

    public Lease Current => _current;

    /// <summary>Asks the hub again, unless another connection just did.</summary>
    /// <param name="stale">The address that did not serve.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ContentChangedException">The file is not the one whose download began.</exception>
    public async Task RenewAsync(Lease stale, CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_current != stale)
                return;
            HubFile file = await origin.ResolveAsync(variant, cancellationToken).ConfigureAwait(false);
            if (file.Sha256 != first.Sha256)
                throw new ContentChangedException($"{variant.FileName} was replaced at {origin.Name} while it was being fetched.");
            _current = new Lease(file);
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose() => _asking.Dispose();

    /// <summary>One answer of the hub, and how its storage marks the content.</summary>
    internal sealed class Lease(HubFile file)
    {
        private EntityTagHeaderValue? _tag;

        public HubFile File { get; } = file;

        /// <summary>The storage's own mark of the content, known after its first response; only strong ones compare bytes.</summary>
        public EntityTagHeaderValue? Tag => Volatile.Read(ref _tag);

        public void Seen(EntityTagHeaderValue? tag)
        {
            if (tag is { IsWeak: false })
                Interlocked.CompareExchange(ref _tag, tag, null);
        }
    }
}
