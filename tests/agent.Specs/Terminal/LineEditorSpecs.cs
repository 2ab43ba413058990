using Agent.Terminal;

namespace Agent.Specs.Terminal;

public sealed class LineEditorSpecs
{
    private readonly LineEditor editor = new();

    [Fact]
    public void Typing_moving_and_deleting()
    {
        Type("hello world");
        Press(ConsoleKey.LeftArrow);
        Press(ConsoleKey.LeftArrow);
        Press(ConsoleKey.Backspace);
        Press(ConsoleKey.Delete);
        Press(ConsoleKey.Home);
        Type("> ");
        Press(ConsoleKey.End);
        Type("!");

        editor.Text.ShouldBe("> hello wod!");
    }

    [Fact]
    public void A_character_of_several_code_units_is_deleted_as_one()
    {
        Type("a👍🏽");

        Press(ConsoleKey.Backspace);

        editor.Text.ShouldBe("a");
    }

    [Theory]
    [InlineData(ConsoleKey.W, "one two ")]
    [InlineData(ConsoleKey.U, "")]
    [InlineData(ConsoleKey.A, "one two three")]
    public void Control_keys_of_a_shell(ConsoleKey key, string left)
    {
        Type("one two three");

        Press(key, ConsoleModifiers.Control);

        editor.Text.ShouldBe(left);
    }

    [Fact]
    public void History_goes_back_and_forth_and_keeps_what_was_begun()
    {
        Submit("first");
        Submit("second");
        Submit("second");
        Type("draft");

        Press(ConsoleKey.UpArrow);
        editor.Text.ShouldBe("second");
        Press(ConsoleKey.UpArrow);
        Press(ConsoleKey.UpArrow);
        editor.Text.ShouldBe("first");
        Press(ConsoleKey.DownArrow);
        Press(ConsoleKey.DownArrow);
        editor.Text.ShouldBe("draft");
    }

    [Fact]
    public void Enter_within_pasted_text_is_a_line_break()
    {
        Type("one");
        editor.Handle(Key('\r', ConsoleKey.Enter), moreWaiting: true).ShouldBe(EditorAction.None);
        Type("two");

        editor.Handle(Key('\r', ConsoleKey.Enter), moreWaiting: false).ShouldBe(EditorAction.Submit);
        editor.Take().ShouldBe("one\ntwo");
    }

    [Fact]
    public void Control_C_and_D_are_reported()
    {
        Press(ConsoleKey.D, ConsoleModifiers.Control).ShouldBe(EditorAction.End);
        Type("x");
        Press(ConsoleKey.D, ConsoleModifiers.Control).ShouldBe(EditorAction.None);
        Press(ConsoleKey.C, ConsoleModifiers.Control).ShouldBe(EditorAction.Interrupt);
    }

    [Fact]
    public void Long_input_goes_over_several_lines_with_the_cursor_in_its_place()
    {
        Type("abcdefghijkl");

        PromptLines lines = editor.Render(width: 7, hint: "");

        lines.Lines.Select(line => line.ToString()).ShouldBe(["> abcde", "  fghij", "  kl"]);
        (lines.CursorRow, lines.CursorColumn).ShouldBe((2, 4));
        Press(ConsoleKey.Home);
        lines = editor.Render(width: 7, hint: "");
        (lines.CursorRow, lines.CursorColumn).ShouldBe((0, 2));
    }

    [Fact]
    public void The_cursor_follows_line_breaks()
    {
        Type("ab");
        editor.Handle(Key('\r', ConsoleKey.Enter), moreWaiting: true);

        PromptLines lines = editor.Render(width: 20, hint: "");

        lines.Lines.Count.ShouldBe(2);
        (lines.CursorRow, lines.CursorColumn).ShouldBe((1, 2));
        Press(ConsoleKey.LeftArrow);
        lines = editor.Render(width: 20, hint: "");
        (lines.CursorRow, lines.CursorColumn).ShouldBe((0, 4));
    }

    private void Type(string text)
    {
        foreach (char character in text)
            editor.Handle(Key(character, default), moreWaiting: false);
    }

    private void Submit(string text)
    {
        Type(text);
        Press(ConsoleKey.Enter).ShouldBe(EditorAction.Submit);
        editor.Take();
    }

    private EditorAction Press(ConsoleKey key, ConsoleModifiers modifiers = ConsoleModifiers.None) =>
        editor.Handle(new ConsoleKeyInfo('\0', key, false, false, modifiers == ConsoleModifiers.Control), moreWaiting: false);

    private static ConsoleKeyInfo Key(char character, ConsoleKey key) => new(character, key, false, false, false);
}
