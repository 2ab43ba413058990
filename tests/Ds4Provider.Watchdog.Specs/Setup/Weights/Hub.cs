using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Specs.Setup.Weights;

/// <summary>
/// A model hub and, under another host name, the storage that it redirects to. It behaves until a test says otherwise.
/// </summary>
internal sealed class Hub : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _signature = 1;
    private long _served;
    private int _resolved;
    private int _fetches;

    private Hub(byte[] content)
    {
        Content = content;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(context => context.Request.Path.StartsWithSegments("/storage") ? Storage(context) : Resolve(context));
    }

    public byte[] Content { get; set; }

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Content));

    /// <summary>What the hub announces, if not the truth.</summary>
    public string? AnnouncedHash { get; set; }

    public string Revision { get; set; } = "0123456789abcdef0123456789abcdef01234567";

    public bool AnnouncesHash { get; set; } = true;

    public bool ServesRanges { get; set; } = true;

    /// <summary>Called for every request of bytes, with its number from 1; true = it has answered.</summary>
    public Func<HttpContext, int, Task<bool>> Fault { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>Whether it takes questions for a file and never answers.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Status with which the hub answers questions for a file; 0 = as it should.</summary>
    public int Refusal { get; set; }

    /// <summary>Changes bytes on their way out.</summary>
    public Func<byte[], byte[]> Damage { get; set; } = bytes => bytes;

    public ConcurrentQueue<(string Host, string? Authorization, string? Range, string? IfRange)> Requests { get; } = [];

    /// <summary>Bytes that left the storage.</summary>
    public long Served => Interlocked.Read(ref _served);

    public int Resolved => Volatile.Read(ref _resolved);

    public Uri Endpoint { get; private set; } = null!;

    private string Signature => Volatile.Read(ref _signature).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static async Task<Hub> StartAsync(byte[] content)
    {
        var hub = new Hub(content);
        await hub._application.StartAsync();
        hub.Endpoint = new Uri(hub._application.Urls.First() + "/");
        return hub;
    }

    /// <summary>Links that were given out so far stop working.</summary>
    public void ExpireLinks() => Interlocked.Increment(ref _signature);

    /// <summary>Ends when the hub goes away: for requests that never get an answer.</summary>
    public Task Closing => _closing.Task;

    public async ValueTask DisposeAsync()
    {
        _closing.TrySetResult();
        await _application.DisposeAsync();
    }

    private Task Resolve(HttpContext context)
    {
        Note(context);
        Interlocked.Increment(ref _resolved);
        HttpResponse response = context.Response;
        if (IsSilent)
            return Task.WhenAny(Closing, Task.Delay(Timeout.Infinite, context.RequestAborted));
        if (Refusal != 0)
        {
            response.StatusCode = Refusal;
            return Task.CompletedTask;
        }
        response.StatusCode = StatusCodes.Status302Found;
        response.Headers.Location = $"http://localhost:{context.Connection.LocalPort}/storage?signature={Signature}";
        response.Headers["X-Repo-Commit"] = Revision;
        response.Headers["X-Linked-Size"] = $"{Content.Length}";
        if (AnnouncesHash)
            response.Headers["X-Linked-ETag"] = $"\"{AnnouncedHash ?? Sha256}\"";
        return Task.CompletedTask;
    }

    private async Task Storage(HttpContext context)
    {
        Note(context);
        if (await Fault(context, Interlocked.Increment(ref _fetches)))
            return;
        HttpResponse response = context.Response;
        if (context.Request.Query["signature"] != Signature)
        {
            response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }
        response.Headers.ETag = $"\"{Sha256[..16]}\"";
        (int from, int to) = (0, Content.Length - 1);
        string? ifRange = context.Request.Headers.IfRange;
        if (ServesRanges && context.Request.GetTypedHeaders().Range is { } range && (ifRange is null || ifRange == response.Headers.ETag))
        {
            (from, to) = ((int)range.Ranges.Single().From!.Value, (int)range.Ranges.Single().To!.Value);
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {from}-{to}/{Content.Length}";
        }
        await SendAsync(context, from, to);
    }

    /// <summary>Sends bytes of the content, the last one included.</summary>
    public async Task SendAsync(HttpContext context, int from, int to)
    {
        context.Response.ContentLength ??= to + 1 - from;
        byte[] bytes = Damage(Content[from..(to + 1)]);
        const int Block = 16 * 1024;
        for (int sent = 0; sent < bytes.Length; sent += Block)
        {
            ReadOnlyMemory<byte> block = bytes.AsMemory(sent, Math.Min(Block, bytes.Length - sent));
            await context.Response.Body.WriteAsync(block, context.RequestAborted);
            Interlocked.Add(ref _served, block.Length);
        }
    }

    private void Note(HttpContext context) => Requests.Enqueue(
        (context.Request.Host.Host, context.Request.Headers.Authorization, context.Request.Headers.Range, context.Request.Headers.IfRange));
}
