using Ds4Provider.Watchdog.Hosting;
using Ds4Provider.Watchdog.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Processes;

/// <summary>The system's program is played by a script that notes what it is given.</summary>
public sealed class BackupSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Log => _folder["log"];

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = Limit)]
    public async Task Weights_and_states_are_tagged_as_what_backups_may_leave_out()
    {
        await using var world = new World();
        await using (await world.AcquireAsync())
        {
            foreach (string folder in (string[])[world.Paths.Models, world.Paths.Checkpoints])
                await UntilAsync(() => File.Exists(Path.Combine(folder, "CACHEDIR.TAG")));
        }

        // The first 43 bytes are what the specification of the tag asks for.
        (await File.ReadAllTextAsync(Path.Combine(world.Paths.Models, "CACHEDIR.TAG"), TimesUp))
            .ShouldStartWith("Signature: 8a477f597d28d172789f06886806bc55\n");
    }

    [Fact(Timeout = Limit)]
    public async Task The_system_is_told_once()
    {
        (string models, string states) = Folders();
        BackupExclusion backups = Create($"echo \"$@\" >> {Log}");

        await backups.ExcludeAsync([models, states], TimesUp);
        await backups.ExcludeAsync([models, states], TimesUp);

        (await File.ReadAllTextAsync(Log, TimesUp)).ShouldBe($"addexclusion {models} {states}\n");
    }

    [Fact(Timeout = Limit)]
    public async Task A_system_that_refuses_is_told_again_the_next_time()
    {
        (string models, _) = Folders();
        BackupExclusion backups = Create($"echo told >> {Log}; exit 1");

        await backups.ExcludeAsync([models], TimesUp);
        await backups.ExcludeAsync([models], TimesUp);

        (await File.ReadAllTextAsync(Log, TimesUp)).ShouldBe("told\ntold\n");
        Directory.EnumerateFiles(models).ShouldBeEmpty();
    }

    private BackupExclusion Create(string script) =>
        new(new LaunchCommand(_folder.WriteScript("tmutil", script), "addexclusion"), NullLogger<BackupExclusion>.Instance);

    private (string Models, string States) Folders() =>
        (Directory.CreateDirectory(_folder["models"]).FullName, Directory.CreateDirectory(_folder["states"]).FullName);
}
