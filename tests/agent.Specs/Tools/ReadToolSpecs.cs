using System.Text;
using Agent.Specs.Support;
using AgentHost;

namespace Agent.Specs.Tools;

public sealed class ReadToolSpecs : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("one\ntwo\n")]
    [InlineData("no line end")]
    [InlineData("windows\r\nline ends\r\n")]
    [InlineData("")]
    [InlineData("😀 日本語\tä\n\n\n")]
    public async Task A_file_is_given_as_it_is(string text)
    {
        File.WriteAllText(folder["a.txt"], text);

        (await ReadAsync(new { path = "a.txt" })).Text.ShouldBe(text);
    }

    [Fact]
    public async Task A_missing_file_is_named_as_the_model_named_it() =>
        (await ReadAsync(new { path = "src/nothing.txt" })).ShouldBe(new ToolResult("Error: src/nothing.txt does not exist.", IsError: true));

    [Fact]
    public async Task A_folder_and_a_binary_file_are_refused()
    {
        Directory.CreateDirectory(folder["sub"]);
        File.WriteAllBytes(folder["x.bin"], [1, 2, 0, 4]);

        (await ReadAsync(new { path = "sub" })).Text.ShouldBe("Error: sub is a directory.");
        (await ReadAsync(new { path = "x.bin" })).Text.ShouldBe("Error: x.bin is not a text file.");
    }

    [Fact]
    public async Task Some_lines_are_followed_by_where_to_go_on()
    {
        File.WriteAllText(folder["a.txt"], "1\n2\n3\n4\n5\n");

        (await ReadAsync(new { path = "a.txt", offset = 2, limit = 2 })).Text.ShouldBe("2\n3\n[lines 2-3 of 5; go on with offset 4]");
        (await ReadAsync(new { path = "a.txt", offset = 4 })).Text.ShouldBe("4\n5\n");
        (await ReadAsync(new { path = "a.txt", offset = "4", limit = "9" })).Text.ShouldBe("4\n5\n");
    }

    [Fact]
    public async Task A_long_file_is_cut_after_2000_lines()
    {
        File.WriteAllLines(folder["long.txt"], Enumerable.Range(1, 5000).Select(number => $"line {number}"));

        string text = (await ReadAsync(new { path = "long.txt" })).Text;

        text.ShouldStartWith("line 1\nline 2\n");
        text.ShouldEndWith("line 2000\n[lines 1-2000 of 5000; go on with offset 2001]");
    }

    [Fact]
    public async Task A_large_file_is_cut_after_50_KB_of_whole_lines()
    {
        File.WriteAllLines(folder["large.txt"], Enumerable.Repeat(new string('ä', 500), 100));

        string text = (await ReadAsync(new { path = "large.txt" })).Text;

        Encoding.UTF8.GetByteCount(text).ShouldBeLessThan(51 * 1024 + 100);
        text.ShouldEndWith("[lines 1-51 of 100; go on with offset 52]");
    }

    [Fact]
    public async Task A_single_line_that_is_too_long_is_left_to_bash()
    {
        File.WriteAllText(folder["line.txt"], new string('x', 60_000));

        (await ReadAsync(new { path = "line.txt" })).Text.ShouldBe("[line 1 of line.txt is longer than 50 KB; use bash to look at a part of it]");
    }

    [Fact]
    public async Task An_offset_behind_the_end_says_how_long_the_file_is()
    {
        File.WriteAllText(folder["a.txt"], "1\n2\n");

        (await ReadAsync(new { path = "a.txt", offset = 7 })).Text.ShouldBe("Error: offset 7 is past the end of a.txt, which has 2 lines.");
    }

    [Theory]
    [InlineData("{}", "Error: path is missing.")]
    [InlineData("""{"path":null}""", "Error: path is missing.")]
    [InlineData("""{"path":3}""", "Error: path must be a string.")]
    [InlineData("""{"path":""}""", "Error: path is empty.")]
    [InlineData("""{"path":"a","offset":0}""", "Error: offset must be a whole number from 1.")]
    [InlineData("""{"path":"a","limit":"many"}""", "Error: limit must be a number.")]
    public async Task Wrong_arguments_are_named(string arguments, string answer) =>
        (await ReadAsync(arguments)).Text.ShouldBe(answer);

    private Task<ToolResult> ReadAsync(object arguments) =>
        new ToolCalls(folder.Path).CallAsync("read", arguments, TestContext.Current.CancellationToken);
}
