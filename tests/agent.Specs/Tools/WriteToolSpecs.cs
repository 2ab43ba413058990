using Agent.Specs.Support;
using AgentHost;

namespace Agent.Specs.Tools;

public sealed class WriteToolSpecs : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_answer_counts_UTF8_bytes_and_names_the_path_as_given()
    {
        (await WriteAsync("hello.txt", "Hello, world!\n")).Text.ShouldBe("Wrote 14 bytes to hello.txt.");
        (await WriteAsync("./ü.txt", "ä😀")).Text.ShouldBe("Wrote 6 bytes to ./ü.txt.");
        (await WriteAsync("one.txt", "1")).Text.ShouldBe("Wrote 1 byte to one.txt.");

        File.ReadAllBytes(folder["ü.txt"]).ShouldBe("ä😀"u8.ToArray());
    }

    [Fact]
    public async Task Folders_are_created_and_files_are_replaced()
    {
        await WriteAsync("a/b/c.txt", "a long first text");
        await WriteAsync("a/b/c.txt", "short");

        File.ReadAllText(folder["a/b/c.txt"]).ShouldBe("short");
    }

    [Fact]
    public async Task An_absolute_path_stays_where_it_is()
    {
        using TemporaryFolder other = new();

        await WriteAsync(other["x.txt"], "x");

        File.ReadAllText(other["x.txt"]).ShouldBe("x");
    }

    [Fact]
    public async Task A_folder_is_not_overwritten()
    {
        Directory.CreateDirectory(folder["sub"]);

        (await WriteAsync("sub", "x")).Text.ShouldBe("Error: sub is a directory.");
    }

    [Fact]
    public async Task Missing_content_writes_nothing()
    {
        ToolResult result = await new ToolCalls(folder.Path).CallAsync("write", new { path = "x.txt" }, TestContext.Current.CancellationToken);

        result.Text.ShouldBe("Error: content is missing.");
        File.Exists(folder["x.txt"]).ShouldBeFalse();
    }

    private Task<ToolResult> WriteAsync(string path, string content) =>
        new ToolCalls(folder.Path).CallAsync("write", new { path, content }, TestContext.Current.CancellationToken);
}
