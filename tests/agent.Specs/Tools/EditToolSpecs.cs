using Agent.Specs.Support;
using AgentHost;

namespace Agent.Specs.Tools;

public sealed class EditToolSpecs : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public EditToolSpecs() => File.WriteAllText(folder["notes.txt"], "alpha\nbeta\ngamma\nbeta again\n");

    public void Dispose() => folder.Dispose();

    private string Notes => File.ReadAllText(folder["notes.txt"]);

    [Fact]
    public async Task One_replacement()
    {
        (await EditAsync(new { oldText = "alpha", newText = "ALPHA" })).Text.ShouldBe("Edited notes.txt: 1 replacement.");

        Notes.ShouldBe("ALPHA\nbeta\ngamma\nbeta again\n");
    }

    [Fact]
    public async Task Several_replacements_all_match_the_original()
    {
        (await EditAsync(new { oldText = "gamma", newText = "alpha" }, new { oldText = "alpha", newText = "" })).Text
            .ShouldBe("Edited notes.txt: 2 replacements.");

        Notes.ShouldBe("\nbeta\nalpha\nbeta again\n");
    }

    [Fact]
    public async Task A_text_that_is_not_there()
    {
        (await EditAsync(new { oldText = "delta", newText = "x" })).ShouldBe(
            new ToolResult("Error: oldText was not found in notes.txt.", IsError: true));
    }

    [Fact]
    public async Task A_text_that_is_there_more_than_once()
    {
        File.AppendAllText(folder["notes.txt"], "beta\n");

        (await EditAsync(new { oldText = "beta", newText = "x" })).Text
            .ShouldBe("Error: oldText occurs 3 times in notes.txt; it must be unique.");
    }

    [Fact]
    public async Task When_one_replacement_fails_nothing_changes()
    {
        string before = Notes;

        await EditAsync(new { oldText = "alpha", newText = "x" }, new { oldText = "delta", newText = "y" });

        Notes.ShouldBe(before);
    }

    [Fact]
    public async Task Overlapping_replacements_are_refused()
    {
        (await EditAsync(new { oldText = "alpha\nbeta\ng", newText = "x" }, new { oldText = "gamma", newText = "y" })).Text
            .ShouldBe("Error: two edits of notes.txt overlap; join them into one.");
    }

    [Fact]
    public async Task Edits_may_arrive_as_a_JSON_string_or_as_a_single_object()
    {
        (await CallAsync(new { path = "notes.txt", edits = """[{"oldText":"alpha","newText":"1"}]""" })).Text.ShouldBe("Edited notes.txt: 1 replacement.");
        (await CallAsync(new { path = "notes.txt", edits = new { oldText = "gamma", newText = "3" } })).Text.ShouldBe("Edited notes.txt: 1 replacement.");

        Notes.ShouldBe("1\nbeta\n3\nbeta again\n");
    }

    [Fact]
    public async Task Windows_line_ends_and_a_byte_order_mark_survive()
    {
        File.WriteAllBytes(folder["notes.txt"], [0xEF, 0xBB, 0xBF, .. "one\r\ntwo\r\nthree\r\n"u8]);

        await EditAsync(new { oldText = "one\ntwo", newText = "1\n2" });

        File.ReadAllBytes(folder["notes.txt"]).ShouldBe([0xEF, 0xBB, 0xBF, .. "1\r\n2\r\nthree\r\n"u8]);
    }

    [Theory]
    [InlineData("""{"path":"gone.txt","edits":[{"oldText":"a","newText":"b"}]}""", "Error: gone.txt does not exist.")]
    [InlineData("""{"path":"notes.txt"}""", "Error: edits is missing.")]
    [InlineData("""{"path":"notes.txt","edits":[]}""", "Error: edits is empty.")]
    [InlineData("""{"path":"notes.txt","edits":"nonsense"}""", "Error: edits must be an array.")]
    [InlineData("""{"path":"notes.txt","edits":[{"newText":"b"}]}""", "Error: oldText is missing.")]
    [InlineData("""{"path":"notes.txt","edits":[{"oldText":"","newText":"b"}]}""", "Error: oldText is empty.")]
    public async Task Wrong_arguments_are_named(string arguments, string answer) =>
        (await CallAsync(arguments)).Text.ShouldBe(answer);

    [Fact]
    public async Task Edits_of_one_file_at_the_same_time_do_not_lose_each_other()
    {
        File.WriteAllLines(folder["notes.txt"], Enumerable.Range(0, 50).Select(number => $"<{number}>"));
        ToolCalls calls = new(folder.Path);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => Task.Run(() => calls.CallAsync(
            "edit",
            new { path = number % 2 == 0 ? "notes.txt" : "./notes.txt", edits = new[] { new { oldText = $"<{number}>", newText = $"[{number}]" } } },
            TestContext.Current.CancellationToken))));

        File.ReadAllLines(folder["notes.txt"]).ShouldBe(Enumerable.Range(0, 50).Select(number => $"[{number}]"));
    }

    private Task<ToolResult> EditAsync(params object[] edits) => CallAsync(new { path = "notes.txt", edits });

    private Task<ToolResult> CallAsync(object arguments) =>
        new ToolCalls(folder.Path).CallAsync("edit", arguments, TestContext.Current.CancellationToken);
}
