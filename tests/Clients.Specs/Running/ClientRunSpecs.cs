namespace Clients.Specs.Running;

public sealed class ClientRunSpecs
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    private static CancellationToken TimesUp => TestContext.Current.CancellationToken;

    [Fact(Timeout = 30_000)]
    public async Task A_client_sees_its_own_folders_and_nothing_of_the_user()
    {
        using var folder = new ClientFolder();

        ClientResult result = await ClientRun.RunAsync(Shell("pwd; env", ("SECRET", "s")), folder, Enough, TimesUp);

        string[] lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe(folder.Work);
        // The shell itself adds the last three.
        IEnumerable<string> names = lines.Skip(1).Select(line => line.Split('=')[0]).Except(["PWD", "SHLVL", "_"]);
        names.ShouldBe([.. folder.Environment().Keys, "SECRET"], ignoreOrder: true);
        lines.ShouldContain($"HOME={folder.Home}");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_client_that_does_not_end_is_killed_with_its_children_and_its_daemons()
    {
        using var folder = new ClientFolder();
        ClientCommand endless = Shell("echo begun; (sleep 300 >/dev/null 2>&1 &); sleep 300 & wait");

        var timeout = await Should.ThrowAsync<TimeoutException>(
            () => ClientRun.RunAsync(endless, folder, TimeSpan.FromSeconds(1), TimesUp));

        timeout.Message.ShouldContain("begun");
        Leftovers.Of(folder).ShouldBeEmpty();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_daemon_does_not_outlive_the_client_that_left_it()
    {
        using var folder = new ClientFolder();

        ClientResult result = await ClientRun.RunAsync(Shell("(sleep 300 >/dev/null 2>&1 &)"), folder, Enough, TimesUp);

        result.ExitCode.ShouldBe(0);
        Leftovers.Of(folder).ShouldBeEmpty();
    }

    private static ClientCommand Shell(string script, params (string Name, string Value)[] variables) =>
        new("/bin/sh", ["-c", script], variables.ToDictionary(variable => variable.Name, variable => (string?)variable.Value));
}
