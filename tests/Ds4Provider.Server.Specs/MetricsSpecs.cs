using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class MetricsSpecs
{
    [Fact(Timeout = 30_000)]
    public async Task What_happened_is_told_in_the_text_format_of_Prometheus()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("Hm").Say("Hello"), new Script().Think("").Say("Hello").Unended()));
        await server.ReplyAsync(Ask.For("Hi"));
        using EventReader reader = await server.StreamAsync(Ask.Stream(Ask.Messages("Hi", """{"max_tokens":4}""")), path: TestServer.MessagesPath);
        await reader.AllAsync();
        (await server.PostAsync("{}")).Dispose();
        (await server.Http.GetAsync("/nowhere?secret")).Dispose();

        using HttpResponseMessage response = await server.Http.GetAsync("/metrics");
        string text = await response.Content.ReadAsStringAsync();
        string[] lines = text.Split('\n');

        response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        lines.ShouldContain("ds4_model_loaded 1");
        lines.ShouldContain("ds4_requests_active 0");
        lines.ShouldContain("""ds4_http_requests_total{route="/v1/chat/completions",status="200"} 1""");
        lines.ShouldContain("""ds4_http_requests_total{route="/v1/chat/completions",status="400"} 1""");
        lines.ShouldContain("""ds4_http_requests_total{route="other",status="404"} 1""");
        lines.ShouldContain("""ds4_replies_total{api="chat",reason="stop"} 1""");
        lines.ShouldContain("""ds4_replies_total{api="messages",reason="length"} 1""");
        lines.ShouldContain("""ds4_reply_seconds_bucket{api="chat",le="+Inf"} 1""");
        lines.ShouldContain("""ds4_reply_seconds_count{api="chat"} 1""");
        lines.ShouldContain("ds4_prompt_tokens_total 12");
        lines.ShouldContain("ds4_completion_tokens_total 8");
        lines.ShouldContain("ds4_reasoning_tokens_total 2");
        text.ShouldNotContain("secret");
        // Every sample belongs to a family that was announced, and every family once.
        string[] families = [.. lines.Where(l => l.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2])];
        families.ShouldBeUnique();
        foreach (string sample in lines.Where(l => l.Length > 0 && l[0] != '#'))
            families.ShouldContain(family => sample.StartsWith(family, StringComparison.Ordinal), sample);
    }
}
