using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs;

/// <summary><c>ds4 serve</c> with the real engine: the way of programs that are not written in C#.</summary>
[Collection("processes")]
public sealed class ServeSpecs
{
    private const int Limit = 300_000;

    [Fact(Timeout = Limit)]
    public async Task Address_and_key_stay_the_same_from_one_time_to_the_next_and_the_port_closes_with_the_command()
    {
        CancellationToken timesUp = TestContext.Current.CancellationToken;
        await using StateHome home = new(graceSeconds: 200, timesUp);

        (string address, string key) = await ServeAsync(home, ["--port", "0"], AskAsync);
        await ShouldBeClosedAsync(address, timesUp);
        ProcessTable.Of(home.Path).ShouldContain(process => process.IsServer, "the port closes with its lease, not with the server");
        (string again, string sameKey) = await ServeAsync(home, [], AskAsync);

        again.ShouldBe(address);
        sameKey.ShouldBe(key);
        using (Process stop = Start(home, "stop"))
            await stop.WaitForExitAsync(timesUp);
    }

    private static async Task<(string Address, string Key)> ServeAsync(StateHome home, string[] options, Func<string, string, CancellationToken, Task> use)
    {
        using Process serve = Start(home, ["serve", "demo", "--json", .. options]);
        try
        {
            // What is printed on the way there would fill the pipe.
            Task<string> errors = serve.StandardError.ReadToEndAsync(home.Cancelled);
            string line = await serve.StandardOutput.ReadLineAsync(home.Cancelled) ?? throw new InvalidOperationException(await errors);
            using JsonDocument told = JsonDocument.Parse(line);
            (string address, string key) = (told.RootElement.GetProperty("address").GetString()!, told.RootElement.GetProperty("apiKey").GetString()!);
            await use(address, key, home.Cancelled);
            return (address, key);
        }
        finally
        {
            ProcessTable.Interrupt(serve.Id);
            await serve.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task AskAsync(string address, string key, CancellationToken timesUp)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) };
        (await http.GetAsync("/v1/models", timesUp)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using HttpResponseMessage reply = await http.PostAsJsonAsync(
            "/v1/completions", new { model = "demo", prompt = "Hello", max_tokens = 2 }, timesUp);
        reply.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task ShouldBeClosedAsync(string address, CancellationToken timesUp)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false });
        while (true)
        {
            try
            {
                (await http.GetAsync(new Uri(new Uri(address), "/health"), timesUp)).Dispose();
                await Task.Delay(20, timesUp);
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }

    private static Process Start(StateHome home, params string[] arguments)
    {
        var start = new ProcessStartInfo(BuildOutput.Ds4, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string? value) in home.Variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
