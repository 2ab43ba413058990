using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs;

public sealed class WatchdogPathsSpecs
{
    [Fact]
    public void A_trailing_slash_names_the_same_watchdog() =>
        new WatchdogPaths("/tmp/a/", "/tmp/s").WatchdogSocket.ShouldBe(new WatchdogPaths("/tmp/a", "/tmp/s").WatchdogSocket);

    [Fact]
    public void State_directories_do_not_share_sockets() =>
        new WatchdogPaths("/tmp/a", "/tmp/s").WatchdogSocket.ShouldNotBe(new WatchdogPaths("/tmp/b", "/tmp/s").WatchdogSocket);

    [Fact]
    public void The_environment_may_choose_the_state_directory() =>
        WatchdogPaths.FromEnvironment(name => name == "DS4_HOME" ? "/tmp/x" : null).StateDirectory.ShouldBe("/tmp/x");

    [Fact]
    public void The_default_is_a_hidden_folder_of_the_users_home() =>
        Path.GetFileName(WatchdogPaths.FromEnvironment(_ => null).StateDirectory).ShouldBe(".ds4");

    [Fact]
    public void A_socket_path_that_no_platform_takes_is_refused_with_advice()
    {
        var paths = new WatchdogPaths("/tmp/a", "/tmp/" + new string('s', 100));
        Should.Throw<IOException>(paths.CreateDirectories).Message.ShouldContain("XDG_RUNTIME_DIR");
    }

    [Fact]
    public void Directories_are_the_owners_alone()
    {
        using var folder = new TemporaryFolder();
        var paths = new WatchdogPaths(folder["state"], folder["run"]);
        paths.CreateDirectories();
        foreach (string directory in (string[])[paths.StateDirectory, paths.SocketDirectory, paths.Logs, paths.Models])
            File.GetUnixFileMode(directory).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
