using Ds4Provider.Lease;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Specs.Lease;

public sealed class AttachedServerSpecs
{
    private static readonly string[] Fine = [Sse.Text("ok"), Sse.Finish(), Sse.Done];

    [Theory(Timeout = 20_000)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/v1")]
    public async Task Another_ds4_is_used_as_it_is(string suffix)
    {
        await using ModelServer server = await ModelServer.StartOnPortAsync(Serve("""{"object":"list","data":[{"id":"demo","context_length":4096,"name":"Demo"}]}"""));
        await using var runtime = new Ds4Runtime(new AttachedServer(server.Address + suffix, "s3cret"), TimeProvider.System);

        Ds4Model model = await runtime.PrepareAsync(Ds4Model.DemoId, cancellationToken: TimesUp);
        ChatResponse response = await runtime.CreateChatClient(Ds4Model.DemoId).GetResponseAsync("hi", cancellationToken: TimesUp);

        model.ContextWindow.ShouldBe(4096);
        response.Text.ShouldBe("ok");
        server.Requests.Select(request => request.Path).ShouldBe(["/v1/models", "/v1/chat/completions"]);
        server.Requests.ShouldAllBe(request => request.Headers["Authorization"] == "Bearer s3cret");
        runtime.CreateChatClient(Ds4Model.DemoId).GetService<ChatClientMetadata>()!.ProviderUri!.ToString().ShouldStartWith(server.Address);
    }

    [Fact(Timeout = 20_000)]
    public async Task The_only_model_of_a_cluster_is_what_was_meant()
    {
        await using ModelServer server = await ModelServer.StartOnPortAsync(Serve("""{"data":[{"id":"deepseek-ai/DeepSeek-V4-Flash"}]}"""));
        await using var runtime = new Ds4Runtime(new AttachedServer(server.Address, null), TimeProvider.System);

        await runtime.CreateChatClient(Ds4Model.FlashId).GetResponseAsync("hi", cancellationToken: TimesUp);

        server.Requests.Last().Json.GetProperty("model").GetString().ShouldBe("deepseek-ai/DeepSeek-V4-Flash");
        server.Requests.Last().Headers.ContainsKey("Authorization").ShouldBeFalse();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_model_that_is_not_there_is_refused_with_those_that_are()
    {
        await using ModelServer server = await ModelServer.StartOnPortAsync(Serve("""{"data":[{"id":"a"},{"id":"b"}]}"""));
        await using var attached = new AttachedServer(server.Address, null);

        Ds4UnavailableException error = await Should.ThrowAsync<Ds4UnavailableException>(async () => await attached.FindAsync("demo", default, TimesUp));

        error.Reason.ShouldBe(Ds4UnavailableReason.UnknownModel);
        error.Message.ShouldContain("a, b");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_wrong_key_is_told()
    {
        await using ModelServer server = await ModelServer.StartOnPortAsync(context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        await using var attached = new AttachedServer(server.Address, null);

        Ds4UnavailableException error = await Should.ThrowAsync<Ds4UnavailableException>(async () => await attached.FindAsync("demo", default, TimesUp));

        error.Reason.ShouldBe(Ds4UnavailableReason.Unreachable);
        error.Hint.ShouldContain("DS4_API_KEY");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_server_that_does_not_run_is_told()
    {
        await using var attached = new AttachedServer("http://127.0.0.1:9", null);

        (await Should.ThrowAsync<Ds4UnavailableException>(async () => await attached.FindAsync("demo", default, TimesUp)))
            .Message.ShouldContain("http://127.0.0.1:9/");
    }

    [Theory]
    [InlineData("localhost:8000")]
    [InlineData("ftp://x")]
    [InlineData("nonsense")]
    public void What_is_no_address_is_refused(string address) =>
        Should.Throw<Ds4UnavailableException>(() => new AttachedServer(address, null)).Message.ShouldContain("DS4_BASE_URL");

    private static Func<HttpContext, Task> Serve(string models) => context => context.Request.Path == "/v1/models"
        ? context.Response.WriteAsync(models)
        : Sse.SendAsync(context, Fine);
}
