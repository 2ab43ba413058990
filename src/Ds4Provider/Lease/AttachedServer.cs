using System.Text.Json;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Lease;

/// <summary>
/// A server that somebody else runs (<c>DS4_BASE_URL</c>): another ds4, or any that speaks the chat completions API.
/// Nothing is started and nothing is leased.
/// </summary>
internal sealed class AttachedServer : IServerLocator
{
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _looking = new(1, 1);
    private volatile ServerEndpoint? _found;

    /// <summary>Creates the locator; connects to nothing yet.</summary>
    /// <param name="address">Base address, with or without <c>/v1</c>.</param>
    /// <param name="apiKey">Key, when the server wants one.</param>
    /// <exception cref="Ds4UnavailableException">The address is not one.</exception>
    public AttachedServer(string address, string? apiKey)
    {
        string trimmed = address.TrimEnd('/');
        if (trimmed.EndsWith("/v1", StringComparison.Ordinal))
            trimmed = trimmed[..^3];
        if (!Uri.TryCreate(trimmed + "/", UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new Ds4UnavailableException(
                Ds4UnavailableReason.BadRequest, $"DS4_BASE_URL is '{address}', which is not an http or https address.",
                "Set it to one like http://127.0.0.1:8000, or unset it to use the local engine.");
        }
        Address = uri;
        _http = HttpClients.ForAddress(uri, apiKey);
    }

    /// <summary>Base address, ending with a slash.</summary>
    public Uri Address { get; }

    public async ValueTask<ServerEndpoint> FindAsync(string model, Preparation preparation, CancellationToken cancellationToken)
    {
        if (_found is { } known && known.RequestedModel == model)
            return known;
        await _looking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_found is { } found && found.RequestedModel == model)
                return found;
            preparation.Progress?.Report(new Ds4Progress(Ds4Phase.Waiting, $"Connecting to {Address}"));
            ServerEndpoint endpoint = await LookAsync(model, cancellationToken).ConfigureAwait(false);
            _found = endpoint;
            return endpoint;
        }
        finally
        {
            _looking.Release();
        }
    }

    public ServerCondition Condition => new(_found);

    public event Action<string>? Noticed
    {
        // Somebody else's server tells nothing.
        add { }
        remove { }
    }

    public void Forget(ServerEndpoint endpoint) => _found = null;

    public void LingerOnDispose(TimeSpan duration)
    {
        // There is no lease.
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ServerEndpoint> LookAsync(string model, CancellationToken cancellationToken)
    {
        IReadOnlyList<ModelEntry> models = await ListAsync(cancellationToken).ConfigureAwait(false);
        // A cluster serves Flash under a name of its own; when it serves nothing else, that is what was meant.
        ModelEntry? entry = models.FirstOrDefault(entry => entry.Id == model || entry.Id == Ds4Model.Prefix + model)
            ?? (models.Count == 1 && model != Ds4Model.WireId(Ds4Model.DemoId) ? models[0] : null);
        if (entry is null)
        {
            throw new Ds4UnavailableException(
                Ds4UnavailableReason.UnknownModel,
                $"The server {Address} has no model '{model}'; it has {(models.Count == 0 ? "none" : string.Join(", ", models.Select(other => other.Id)))}.",
                "Name one of these in ChatOptions.ModelId, or unset DS4_BASE_URL to use the local engine.");
        }
        return new ServerEndpoint(model, entry.Id, ContextOf(entry), entry.Name, _http);
    }

    private static int ContextOf(ModelEntry entry) => entry.ContextLength > 0 ? entry.ContextLength : entry.MaxModelLen ?? 0;

    private async Task<IReadOnlyList<ModelEntry>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri("v1/models", UriKind.Relative), cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw Unreachable(
                    $"answered {(int)response.StatusCode} to GET /v1/models",
                    response.StatusCode is System.Net.HttpStatusCode.Unauthorized or System.Net.HttpStatusCode.Forbidden
                        ? "Set DS4_API_KEY to the server's key."
                        : "Check DS4_BASE_URL.", null);
            }
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize(body, ChatJsonContext.Default.ModelList)?.Data ?? [];
        }
        catch (HttpRequestException error)
        {
            throw Unreachable($"does not answer: {error.Message}", "Check DS4_BASE_URL and that the server runs.", error);
        }
        catch (JsonException error)
        {
            throw Unreachable("did not answer GET /v1/models with a list of models", "Check DS4_BASE_URL.", error);
        }
    }

    private Ds4UnavailableException Unreachable(string what, string hint, Exception? cause) =>
        new(Ds4UnavailableReason.Unreachable, $"The server {Address} (DS4_BASE_URL) {what}.", hint, cause);
}
