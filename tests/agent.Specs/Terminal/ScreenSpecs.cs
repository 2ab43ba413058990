using Agent.Specs.Support;
using Agent.Terminal;

namespace Agent.Specs.Terminal;

public sealed class ScreenSpecs : IDisposable
{
    private readonly VirtualTerminal terminal = new(40, 10);
    private readonly Screen screen;

    public ScreenSpecs() => screen = new Screen(terminal, () => terminal.Size, colours: true);

    public void Dispose() => terminal.Dispose();

    [Fact]
    public void Changing_lines_are_replaced_and_settled_lines_stay()
    {
        screen.Draw([], [Line.Of("a 1"), Line.Of("b 1")]);
        screen.Draw([], [Line.Of("a 2"), Line.Of("b 2"), Line.Of("c 2")]);
        screen.Draw([Line.Of("settled")], [Line.Of("a 3")]);
        screen.Draw([], [Line.Of("a")]);

        terminal.Text.ShouldBe("settled\na");
    }

    [Fact]
    public void Clearing_leaves_the_settled_lines_and_the_cursor()
    {
        screen.Draw([Line.Of("one", Tone.Bad), Line.Of("two")], [Line.Of("busy"), Line.Of("busy")]);
        terminal.CursorIsVisible.ShouldBeFalse();

        screen.Clear();

        terminal.Text.ShouldBe("one\ntwo");
        terminal.Cursor.ShouldBe((2, 0));
        terminal.CursorIsVisible.ShouldBeTrue();
    }

    [Fact]
    public void The_cursor_stands_where_the_prompt_wants_it_and_the_next_drawing_starts_at_the_top()
    {
        screen.Draw([], [Line.Of("> first"), Line.Of("  second"), Line.Of("hint")], (0, 3));
        terminal.Cursor.ShouldBe((0, 3));
        terminal.CursorIsVisible.ShouldBeTrue();

        screen.Draw([], [Line.Of("> x")], (0, 3));

        terminal.Text.ShouldBe("> x");
    }

    [Fact]
    public void The_same_lines_are_not_written_twice()
    {
        screen.Draw([], [Line.Of("same")]);
        int frames = terminal.Frames;

        screen.Draw([], [Line.Of("same")]);

        terminal.Frames.ShouldBe(frames);
    }

    [Fact]
    public void Without_colours_nothing_but_text_and_movement_is_written()
    {
        StringWriter writer = new();

        new Screen(writer, () => (40, 10), colours: false).Draw([Line.Of("error", Tone.Bad)], []);

        writer.ToString().ShouldContain("error");
        writer.ToString().ShouldNotContain("\e[31m");
    }

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("exactly 10", 10, "exactly 10")]
    [InlineData("longer than ten", 10, "longer th…")]
    [InlineData("日本語日本語", 7, "日本語…")]
    public void A_line_is_clipped_to_its_columns(string text, int width, string clipped) =>
        Line.Of(text).Clip(width).ToString().ShouldBe(clipped);

    [Fact]
    public void Foreign_text_cannot_move_the_cursor() =>
        TextWidth.Printable("a\e[2Jb\e]0;title\ac\rd\be\tf\e(Bg").ShouldBe("abcde    fBg");

    [Theory]
    [InlineData("one two three", 7, "one two|three")]
    [InlineData("unbreakable", 4, "unbr|eaka|ble")]
    [InlineData("a\n\nb", 10, "a||b")]
    [InlineData("    indented code", 12, "    indented|code")]
    [InlineData("日本語", 4, "日本|語")]
    public void Text_breaks_at_spaces_when_it_can(string text, int width, string lines) =>
        string.Join('|', WordWrap.Wrap(text, width)).ShouldBe(lines);
}
