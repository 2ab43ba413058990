using Agent.Terminal;
using AgentHost;
using Microsoft.Extensions.Time.Testing;

namespace Agent.Specs.Terminal;

public sealed class CallRowSpecs
{
    private readonly FakeTimeProvider time = new();
    private readonly CallRow row;

    public CallRowSpecs() => row = new CallRow(time);

    [Fact]
    public void A_row_is_there_from_the_first_piece_and_grows()
    {
        Write("bash", "");
        Screen.ShouldBe("○ $  …");
        Write(null, """{"comm""");
        Screen.ShouldBe("○ $  …");
        Write(null, "and\":\"git sta");
        Screen.ShouldBe("○ $ git sta  …");
        Write(null, "tus\"}");
        row.Written("bash", """{"command":"git status"}""");
        Screen.ShouldBe("○ $ git status");
    }

    [Fact]
    public void A_file_grows_while_it_is_written()
    {
        Write("write", """{"path":"src/a.py","content":"1\n2\n3\n4\n5\n6\n7\n8""");

        Screen.ShouldBe("○ write src/a.py (8 lines)  …\n  + 3\n  + 4\n  + 5\n  + 6\n  + 7\n  + 8");
    }

    [Fact]
    public void An_edit_shows_its_changes_when_they_are_complete()
    {
        Write("edit", """{"path":"a.txt","edits":[{"oldText":"old","newTe""");
        Screen.ShouldBe("○ edit a.txt  …");

        Write(null, """xt":"new\nlines"}]}""");

        Screen.ShouldBe("○ edit a.txt  …\n  - old\n  + new\n  + lines");
    }

    [Fact]
    public void A_running_command_shows_its_time_and_the_end_of_its_output()
    {
        row.Written("bash", """{"command":"make"}""");
        row.Start();
        time.Advance(TimeSpan.FromSeconds(2.5));
        row.Output("1\n2\n3\n4\n5\n6\n\e[31mred\e[0m\n");

        Screen.ShouldBe("● $ make  2.5 s\n  │ 3\n  │ 4\n  │ 5\n  │ 6\n  │ red");
    }

    [Fact]
    public void A_result_is_summed_up()
    {
        row.Written("read", """{"path":"a.txt","offset":3}""");
        row.Start();
        time.Advance(TimeSpan.FromSeconds(0.2));
        row.End(new ToolResult("1\n2\n") { Summary = "2 lines" });

        Screen.ShouldBe("✓ read a.txt from line 3  2 lines, 0.2 s");
        row.IsDone.ShouldBeTrue();
    }

    [Fact]
    public void A_failure_says_what_was_wrong()
    {
        row.Written("read", """{"path":"gone.txt"}""");
        row.Start();
        row.End(new ToolResult("Error: gone.txt does not exist.", IsError: true));

        Screen.ShouldBe("✗ read gone.txt  failed\n  │ Error: gone.txt does not exist.");
    }

    [Fact]
    public void A_long_command_leaves_room_for_how_it_ended()
    {
        row.Written("bash", $$"""{"command":"{{new string('x', 200)}}"}""");
        row.Start();
        row.End(new ToolResult("[exit code 2]", IsError: true) { Summary = "exit code 2" });

        string line = row.Render(40)[0].ToString();

        line.ShouldEndWith("…  exit code 2");
        line.Length.ShouldBe(40);
    }

    [Fact]
    public void A_tool_of_an_extension_shows_its_arguments()
    {
        row.Written("shout", """{"text":"hello","times":2}""");

        Screen.ShouldBe("○ shout text=hello times=2");
    }

    private string Screen => string.Join('\n', row.Render(79).Select(line => line.ToString()));

    private void Write(string? name, string arguments) => row.Append(new ToolCallFragment(0, "call_1", name, arguments));
}
