using System.Text;
using Ds4Provider.Wire.Watchdog;
using static Ds4Provider.Watchdog.Specs.SpecContext;

namespace Ds4Provider.Watchdog.Specs.Leases;

public sealed class GreetingSpecs
{
    [Theory(Timeout = Limit)]
    [InlineData("""{"type":"acquire","model":"demo"}""")]
    [InlineData("""{"type":"hello"}""")]
    [InlineData("""{"type":"nonsense"}""")]
    [InlineData("""{"model":"demo"}""")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Whoever_does_not_say_hello_is_refused_and_disconnected(string line)
    {
        await using var desk = new Desk();
        await using var client = new DeskClient(await desk.ConnectAsync());

        await client.SendLineAsync(line);

        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.BadRequest);
        (await client.NextAsync()).ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Another_protocol_version_is_refused_in_clear_words()
    {
        await using var desk = new Desk();
        await using var client = new DeskClient(await desk.ConnectAsync());

        await client.SendAsync(new Hello(99, "tomorrow's agent", 7));

        Failed failed = await client.NextAsync<Failed>();
        failed.Reason.ShouldBe(FailureReason.VersionMismatch);
        failed.Message.ShouldContain("tomorrow's agent");
        failed.Message.ShouldContain("99");
        failed.Hint.ShouldContain("ds4 stop");
        (await client.NextAsync()).ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task An_endless_line_is_refused_without_being_held()
    {
        await using var desk = new Desk();
        await using Stream stream = await desk.ConnectAsync();
        byte[] letters = Encoding.UTF8.GetBytes(new string('x', 8192));

        // The refusal closes the connection under the writer, sooner or later.
        await Should.ThrowAsync<IOException>(async () =>
        {
            while (true)
                await stream.WriteAsync(letters, TimesUp);
        });
    }

    [Fact(Timeout = Limit)]
    public async Task A_bad_line_after_the_greeting_ends_the_lease()
    {
        await using var desk = new Desk();
        (DeskClient client, _) = await desk.OpenReadyAsync();

        await client.SendLineAsync("{");

        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.BadRequest);
        (await client.NextAsync()).ShouldBeNull();
        await desk.UntilLeasesAsync(0);
    }

    [Fact(Timeout = Limit)]
    public async Task Who_connects_and_says_nothing_is_disconnected_after_ten_seconds()
    {
        await using var desk = new Desk();
        await using var client = new DeskClient(await desk.ConnectAsync());
        ValueTask<WatchdogMessage?> end = client.NextAsync();
        await desk.UntilLeasesAsync(0);

        while (!end.IsCompleted)
        {
            desk.Time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(20, TimesUp);
        }

        (await end).ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_client_that_sends_the_watchdogs_own_messages_is_disconnected()
    {
        await using var desk = new Desk();
        await using DeskClient client = await desk.OpenAsync();

        await client.SendAsync(new Ready("/tmp/evil", "demo", 1));

        (await client.NextAsync<Failed>()).Reason.ShouldBe(FailureReason.BadRequest);
        (await client.NextAsync()).ShouldBeNull();
    }
}
