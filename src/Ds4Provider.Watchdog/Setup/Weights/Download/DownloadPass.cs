using System.Runtime.ExceptionServices;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Wire.Files;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Win32.SafeHandles;
using Polly;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>
/// One attempt to complete a file: connections that fetch, a hash that follows them, and a keeper that makes what is
/// there safe. When one of them fails, all end, and what has arrived is remembered.
/// </summary>
internal sealed class DownloadPass : IDisposable
{
    private readonly DownloadSetting _setting;
    private readonly ModelVariant _variant;
    private readonly WeightFiles _files;
    private readonly HubFile _hub;
    private readonly SafeFileHandle _file;
    private readonly ChunkMap _map;
    private readonly FileLocation _location;
    private readonly RangeFetch _fetch;
    private readonly DownloadMeter _meter;
    private readonly ResiliencePipeline _retry;
    private long _hashed;

    public DownloadPass(DownloadSetting setting, ModelVariant variant, WeightFiles files, HubFile hub)
    {
        (_setting, _variant, _files, _hub) = (setting, variant, files, hub);
        _map = Resume(files, variant, hub) ?? new ChunkMap(variant.FileBytes, setting.Limits.ChunkBytes);
        // Nothing of it can be used when nothing of it is remembered.
        _file = File.OpenHandle(files.Partial, _map.DoneBytes > 0 ? FileMode.Open : FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        _location = new FileLocation(setting.Origin, variant, hub);
        _fetch = new RangeFetch(setting.Http, setting.Origin, _file, variant.FileBytes, setting.Limits);
        _meter = new DownloadMeter(variant.Name, setting.Time);
        _retry = OriginRetry.Create(setting.Limits.FetchTries, setting.Limits, _meter.Waiting);
    }

    /// <summary>Bytes that are there.</summary>
    public long DoneBytes => _map.DoneBytes;

    /// <summary>What is there of a file, according to what is remembered of it; null when that cannot be used.</summary>
    public static ChunkMap? Resume(WeightFiles files, ModelVariant variant, HubFile? hub)
    {
        if (!File.Exists(files.PartialState) || PartialState.Parse(File.ReadAllBytes(files.PartialState)) is not { } state)
            return null;
        ChunkMap? map = state.MapOf(variant.FileBytes, hub?.Sha256 ?? state.Sha256);
        var partial = new FileInfo(files.Partial);
        return map is not null && partial.Exists && partial.Length >= map.LastDoneByte ? map : null;
    }

    /// <summary>Fetches what is missing.</summary>
    /// <param name="whole">The origin sends whole files only.</param>
    /// <param name="progress">Told where it stands.</param>
    /// <param name="cancellationToken">Ends it; what has arrived is remembered.</param>
    /// <returns>Hash of the complete file.</returns>
    public async Task<string> RunAsync(bool whole, Action<Progress> progress, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var complete = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        Task<string> hash = Task.Run(() => HashAsync(stop.Token), CancellationToken.None);
        Task keeper = KeepAsync(progress, complete.Token);
        List<Task> workers = [hash, keeper, .. Enumerable.Range(0, whole ? 1 : _setting.Limits.Connections).Select(_ => whole ? FetchWholeAsync(stop.Token) : FetchRunsAsync(stop.Token))];
        try
        {
            ExceptionDispatchInfo? failure = await EndAsync(workers, hash, stop, complete).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            failure?.Throw();
            return await hash.ConfigureAwait(false);
        }
        finally
        {
            Remember();
        }
    }

    public void Dispose()
    {
        _location.Dispose();
        _file.Dispose();
    }

    /// <summary>Waits for all; the first failure stops the others, the finished hash ends the keeper.</summary>
    private static async Task<ExceptionDispatchInfo?> EndAsync(
        List<Task> workers, Task hash, CancellationTokenSource stop, CancellationTokenSource complete)
    {
        ExceptionDispatchInfo? failure = null;
        while (workers.Count > 0)
        {
            Task ended = await Task.WhenAny(workers).ConfigureAwait(false);
            workers.Remove(ended);
            if (ended.IsFaulted && failure is null)
                failure = ExceptionDispatchInfo.Capture(ended.Exception!.InnerException!);
            if (ended.IsFaulted)
                await stop.CancelAsync().ConfigureAwait(false);
            if (ended == hash)
                await complete.CancelAsync().ConfigureAwait(false);
        }
        return failure;
    }

    private async Task FetchRunsAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (_map.Take(RunLength()) is { } run)
        {
            try
            {
                while (!run.IsFinished)
                    await PatientlyAsync(() => run.Position, location => _fetch.FetchAsync(run, location, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                run.Release();
            }
        }
    }

    private async Task FetchWholeAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (!_map.IsComplete)
            await PatientlyAsync(() => _map.DoneBytes, location => _fetch.FetchWholeAsync(_map, location, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    // Towards the end runs become short, so that no connection is left with a long one while the others have nothing to do.
    private int RunLength() => (int)Math.Clamp(
        (_map.Size - _map.DoneBytes) / _map.ChunkBytes / (2 * _setting.Limits.Connections), 1, _setting.Limits.RunChunks);

    /// <summary>Tries until there is progress; then trouble is forgotten and tries are counted anew.</summary>
    private async Task PatientlyAsync(Func<long> position, Func<FileLocation.Lease, Task> fetch, CancellationToken cancellationToken)
    {
        long before = position();
        await _retry.ExecuteAsync(async token =>
        {
            FileLocation.Lease location = _location.Current;
            try
            {
                await fetch(location).ConfigureAwait(false);
            }
            catch (LocationStaleException stale)
            {
                await _location.RenewAsync(location, token).ConfigureAwait(false);
                if (position() == before)
                    throw new OriginTroubleException(stale.Message, inner: stale);
            }
            catch (OriginTroubleException) when (position() > before)
            {
                // It came some way: go on from there.
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    private Task<string> HashAsync(CancellationToken cancellationToken) => ContentHash.ComputeAsync(
        _file,
        _map.Size,
        position => new ValueTask<long>(_map.WaitBeyondAsync(position, cancellationToken)),
        position => Volatile.Write(ref _hashed, position),
        cancellationToken);

    /// <summary>Tells progress, watches the disk and remembers what is safe, until it is cancelled.</summary>
    private async Task KeepAsync(Action<Progress> progress, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_setting.Limits.ReportEvery, _setting.Time);
        long saved = _setting.Time.GetTimestamp();
        try
        {
            do
            {
                progress(_map.IsComplete ? DownloadMeter.Checking(_variant.Name, Volatile.Read(ref _hashed), _map.Size) : _meter.Fetching(_map.ArrivedBytes, _map.Size));
                if (_setting.Time.GetElapsedTime(saved) < _setting.Limits.SaveEvery)
                    continue;
                WatchDisk();
                await Task.Run(Remember, CancellationToken.None).ConfigureAwait(false);
                saved = _setting.Time.GetTimestamp();
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private void WatchDisk()
    {
        long free = _setting.FreeDisk();
        if (!_map.IsComplete && free < _setting.Limits.DiskReserve)
            throw DiskTrouble.Full($"{free / 1e9:0.0} GB are left");
    }

    /// <summary>First the bytes, then the note that they are there.</summary>
    private void Remember()
    {
        try
        {
            PartialState state = PartialState.Of(_map, _hub.Sha256);
            RandomAccess.FlushToDisk(_file);
            AtomicFile.Write(_files.PartialState, state.ToJson());
        }
        catch (IOException exception)
        {
            throw DiskTrouble.Of(exception);
        }
    }
}
