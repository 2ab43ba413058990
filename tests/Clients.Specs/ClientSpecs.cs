using Clients.Specs.Installation;
using Clients.Specs.Programs;
using Clients.Specs.Running;
using Clients.Specs.Serving;

namespace Clients.Specs;

/// <summary>
/// The agents that people use connect to the server, stream, run a tool, send its result and finish: the real programs,
/// each on its own API.
/// </summary>
public sealed class ClientSpecs
{
    /// <summary>Milliseconds; the first run on a machine downloads the client.</summary>
    private const int Limit = 600_000;

    [Fact(Timeout = Limit)]
    public Task Pi_works_on_chat_completions() => WorksAsync(new Pi(Pi.ChatCompletions));

    [Fact(Timeout = Limit)]
    public Task Pi_works_on_responses() => WorksAsync(new Pi(Pi.Responses));

    [Fact(Timeout = Limit)]
    public Task Pi_works_on_messages() => WorksAsync(new Pi(Pi.Messages));

    [Fact(Timeout = Limit)]
    public Task Codex_works_on_responses() => WorksAsync(new Codex());

    [Fact(Timeout = Limit)]
    public Task Claude_Code_works_on_messages() => WorksAsync(new ClaudeCode());

    [Fact(Timeout = Limit)]
    public async Task Opencode_works_on_chat_completions_while_it_also_asks_for_a_title()
    {
        var opencode = new Opencode();

        IReadOnlyList<Reading> readings = await WorksAsync(opencode);

        readings.Count(reading => !opencode.Task.IsAgentPrompt(reading.Prompt)).ShouldBe(1);
    }

    private static async Task<IReadOnlyList<Reading>> WorksAsync(IClientProgram client)
    {
        CancellationToken timesUp = TestContext.Current.CancellationToken;
        Dictionary<NpmPackage, string> installed = await InstallAsync(client, timesUp);
        using var folder = new ClientFolder();
        using var model = new ReadingModel(client.Task.Answer);
        await using ClientServer server = await ClientServer.StartAsync(model, Path.Combine(folder.Runtime, "s.sock"));

        ClientCommand command = client.Prepare(package => installed[package], folder, server.Address);
        ClientResult result = await ClientRun.RunAsync(command, folder, ClientRun.Limit, timesUp);

        string told = $"{client.Name} said:\n{result.Output}\n{result.Errors}\nThe server said:\n{server.Log}";
        result.ExitCode.ShouldBe(0, told);
        File.Exists(Path.Combine(folder.Work, ShellTask.File)).ShouldBeTrue(told);
        (await File.ReadAllTextAsync(Path.Combine(folder.Work, ShellTask.File), timesUp)).ShouldBe(ShellTask.Content, told);
        result.Output.ShouldContain(ShellTask.FinalText, customMessage: told);
        if (client.PiecesShown(result.Output) is { } pieces)
            pieces.ShouldBeGreaterThan(1, told);
        (await server.AnswersAsync(timesUp)).ShouldAllBe(answers => answers.Status == 200, told);
        ReusesItsPrompt(client.Task, model.Readings, told);
        return model.Readings;
    }

    /// <summary>Of the second prompt only the end is new: the call as it was sampled is not evaluated again.</summary>
    private static void ReusesItsPrompt(ShellTask task, IReadOnlyList<Reading> readings, string told)
    {
        Reading[] turns = [.. readings.Where(reading => task.IsAgentPrompt(reading.Prompt))];
        turns.Length.ShouldBe(2, told);
        ShellTask.HasResult(turns[0].Prompt).ShouldBeFalse(told);
        ShellTask.HasResult(turns[1].Prompt).ShouldBeTrue(told);
        turns[1].Tokens.ShouldBeGreaterThan(turns[0].Tokens, told);
        turns[1].Evaluated.ShouldBeLessThan(turns[1].Tokens - turns[0].Tokens, told);
    }

    private static async Task<Dictionary<NpmPackage, string>> InstallAsync(IClientProgram client, CancellationToken cancellationToken)
    {
        var cache = PackageCache.OfUser();
        Dictionary<NpmPackage, string> installed = [];
        try
        {
            foreach (NpmPackage package in client.Packages)
                installed[package] = await cache.InstallAsync(package, cancellationToken);
        }
        catch (PackageUnavailableException missing)
        {
            string reason = $"{client.Name} was not run. {missing.Message}";
            // The console shows warnings, but not why a test was skipped.
            TestContext.Current.AddWarning(reason);
            Assert.Skip(reason);
        }
        return installed;
    }
}
