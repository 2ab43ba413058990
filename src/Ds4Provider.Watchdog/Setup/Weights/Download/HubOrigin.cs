using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>Where the bytes of a file are right now, and what they are.</summary>
/// <param name="Location">Address to fetch from; often a signed one that expires.</param>
/// <param name="Sha256">Hash that the content must have.</param>
/// <param name="Revision">Revision of the repository, if the origin tells it.</param>
/// <param name="NeedsToken">Whether the address is the hub's own; the token must not go anywhere else.</param>
internal sealed record HubFile(Uri Location, string Sha256, string? Revision, bool NeedsToken);

/// <summary>
/// The model hub. It answers a question for a file with the hash of its content and, usually, a redirect to the storage
/// that has it. The redirect is not followed but kept: the hash is told by the hub, not by the storage.
/// </summary>
/// <param name="http">Follows no redirects.</param>
/// <param name="endpoint">Base address, e.g. <c>https://huggingface.co</c>.</param>
/// <param name="token">Finds the access token.</param>
/// <param name="patience">How long an answer is waited for.</param>
internal sealed class HubOrigin(HttpClient http, Uri endpoint, Func<string?> token, TimeSpan patience)
{
    /// <summary>The hub that is asked unless <c>HF_ENDPOINT</c> names another.</summary>
    public static readonly Uri DefaultEndpoint = new("https://huggingface.co");

    private const int MostRedirects = 5;

    /// <summary>Host and port, for people.</summary>
    public string Name => endpoint.Authority;

    public AuthenticationHeaderValue? Authorization => token() is { } value ? new AuthenticationHeaderValue("Bearer", value) : null;

    /// <summary>Asks where a file is and what it holds.</summary>
    /// <exception cref="SetupException">The hub does not have the file that this version was made for.</exception>
    /// <exception cref="OriginTroubleException">It did not answer.</exception>
    public async Task<HubFile> ResolveAsync(ModelVariant variant, CancellationToken cancellationToken)
    {
        var address = new Uri(endpoint, $"{FlashManifest.Repository}/resolve/main/{Uri.EscapeDataString(variant.FileName)}");
        for (int redirects = 0; redirects <= MostRedirects; redirects++)
        {
            using HttpResponseMessage response = await AskAsync(address, cancellationToken).ConfigureAwait(false);
            if (!IsRedirect(response))
                return Describe(response, response.IsSuccessStatusCode ? address : throw Refusal(response, variant), variant);
            Uri target = new(address, response.Headers.Location ?? throw new OriginTroubleException($"{Name} redirects to nowhere."));
            if (!IsOwn(target) || Header(response, "X-Linked-ETag") is not null)
                return Describe(response, target, variant);
            address = target; // A repository that was renamed.
        }
        throw new OriginTroubleException($"{Name} redirects in circles.");
    }

    private async Task<HttpResponseMessage> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, address);
        request.Headers.Authorization = Authorization;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OriginTroubleException($"{Name} does not answer");
        }
        catch (HttpRequestException exception)
        {
            throw new OriginTroubleException($"{Name} cannot be reached: {exception.Message}", inner: exception);
        }
    }

    private bool IsOwn(Uri address) => address.Scheme == endpoint.Scheme && address.Authority == endpoint.Authority;

    private static bool IsRedirect(HttpResponseMessage response) => response.StatusCode is
        HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private HubFile Describe(HttpResponseMessage response, Uri location, ModelVariant variant)
    {
        if (location.Scheme != Uri.UriSchemeHttps && location.Scheme != endpoint.Scheme)
            throw Unfit($"{Name} redirects to {location.Scheme}://{location.Authority}, which is not protected.");
        string? size = Header(response, "X-Linked-Size") ?? (IsRedirect(response) ? null : response.Content.Headers.ContentLength?.ToString(CultureInfo.InvariantCulture));
        if (size is not null && size != variant.FileBytes.ToString(CultureInfo.InvariantCulture))
            throw Unfit($"{variant.FileName} has {size} bytes at {Name}; this version of ds4 was made for the file of {variant.FileBytes} bytes.");
        string? announced = Hash(Header(response, "X-Linked-ETag")) ?? (IsRedirect(response) ? null : Hash(Header(response, "ETag")));
        if (variant.Sha256 is { } pinned && announced is not null && announced != pinned)
            throw Unfit($"{variant.FileName} at {Name} has the content {announced}; this version of ds4 was made for {pinned}.");
        string sha256 = variant.Sha256 ?? announced
            ?? throw Unfit($"{Name} does not tell the SHA-256 of {variant.FileName}, so what it sends could not be checked.");
        return new HubFile(location, sha256, Header(response, "X-Repo-Commit"), IsOwn(location));
    }

    private SetupException Refusal(HttpResponseMessage response, ModelVariant variant)
    {
        int status = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new SetupException(
                FailureReason.DownloadFailed,
                $"{Name} refuses {variant.FileName} ({status}).",
                Authorization is null
                    ? "Put an access token of the hub into HF_TOKEN or ~/.cache/huggingface/token."
                    : "The access token in HF_TOKEN or ~/.cache/huggingface/token may have expired: renew or remove it."),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new SetupException(
                FailureReason.DownloadFailed,
                $"{Name} does not have {FlashManifest.Repository}/{variant.FileName} any more ({status}).",
                "Update Ds4Provider. Weights that you have can be put into the folder models of the state directory."),
            _ => throw Trouble(response),
        };
    }

    /// <summary>What is wrong with a response that may be better the next time.</summary>
    public static OriginTroubleException Trouble(HttpResponseMessage response)
    {
        RetryConditionHeaderValue? retry = response.Headers.RetryAfter;
        TimeSpan? wait = retry?.Delta ?? (retry?.Date is { } date ? date - DateTimeOffset.UtcNow : null);
        string host = response.RequestMessage?.RequestUri?.Authority ?? "the origin";
        string reason = response.StatusCode == HttpStatusCode.TooManyRequests ? "asks to slow down" : "has trouble";
        return new OriginTroubleException($"{host} {reason} ({(int)response.StatusCode})", wait > TimeSpan.Zero ? wait : null);
    }

    private static SetupException Unfit(string message) => new(
        FailureReason.DownloadFailed, message, "Update Ds4Provider; if HF_ENDPOINT is set, check that it names the hub or a mirror of it.");

    // Quoted, and possibly marked as weak.
    private static string? Hash(string? etag)
    {
        string? value = etag?.Trim();
        value = value is ['W', '/', .. var strong] ? strong : value;
        value = value?.Trim('"').ToLowerInvariant();
        return ContentHash.IsValid(value) ? value : null;
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;
}
