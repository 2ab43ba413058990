namespace Benchmarks;

/// <summary>Twelve tools as coding agents offer them, and calls of them as a model writes them.</summary>
internal static class ToolSet
{
    public static readonly (string Name, string Schema)[] Schemas =
    [
        ("read", """{"type":"object","properties":{"path":{"type":"string"},"offset":{"type":"integer","minimum":1},"limit":{"type":"integer","minimum":1}},"required":["path"],"additionalProperties":false}"""),
        ("write", """{"type":"object","properties":{"path":{"type":"string"},"content":{"type":"string"}},"required":["path","content"],"additionalProperties":false}"""),
        ("edit", """{"type":"object","properties":{"path":{"type":"string"},"edits":{"type":"array","minItems":1,"items":{"type":"object","properties":{"oldText":{"type":"string"},"newText":{"type":"string"}},"required":["oldText","newText"],"additionalProperties":false}}},"required":["path","edits"],"additionalProperties":false}"""),
        ("bash", """{"type":"object","properties":{"command":{"type":"string"},"timeout":{"type":"number","minimum":0},"background":{"type":"boolean"}},"required":["command"]}"""),
        ("grep", """{"type":"object","properties":{"pattern":{"type":"string"},"path":{"type":"string"},"glob":{"type":"string"},"mode":{"enum":["content","files","count"]},"before":{"type":"integer"},"after":{"type":"integer"},"ignoreCase":{"type":"boolean"}},"required":["pattern"]}"""),
        ("find", """{"type":"object","properties":{"pattern":{"type":"string"},"path":{"type":"string"},"limit":{"type":"integer"}},"required":["pattern"]}"""),
        ("ls", """{"type":"object","properties":{"path":{"type":"string"},"depth":{"type":"integer","minimum":1,"maximum":9}}}"""),
        ("todo", """{"type":"object","properties":{"items":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string","minLength":1,"maxLength":40},"content":{"type":"string","minLength":1},"status":{"enum":["pending","in_progress","completed"]},"priority":{"enum":["high","medium","low"]}},"required":["content","status"]}}},"required":["items"]}"""),
        ("fetch", """{"type":"object","properties":{"url":{"type":"string","format":"uri"},"headers":{"type":"object","additionalProperties":{"type":"string"}},"format":{"enum":["text","markdown","html"]}},"required":["url"]}"""),
        ("task", """{"type":"object","properties":{"description":{"type":"string"},"prompt":{"type":"string"},"agent":{"type":"string"}},"required":["description","prompt","agent"]}"""),
        ("ask", """{"type":"object","properties":{"question":{"type":"string"},"options":{"type":"array","minItems":2,"maxItems":4,"items":{"anyOf":[{"type":"string"},{"type":"object","properties":{"label":{"type":"string"},"detail":{"type":["string","null"]}},"required":["label"]}]}}},"required":["question","options"]}"""),
        ("call", """{"type":"object","properties":{"server":{"type":"string"},"method":{"type":"string"},"arguments":{"type":"object"}},"required":["server","method","arguments"]}"""),
    ];

    public static readonly string[] Calls =
    [
        Block("edit", ("path", true, "src/Program.cs"), ("edits", false, """[{"oldText": "Console.WriteLine(\"Hello\");\n", "newText": "if (args.Length > 0)\n{\n    Console.WriteLine($\"Hello, {args[0]}! \\\\o/ — ünïcödé 😀\");\n}\n"}, {"oldText": "a", "newText": "b"}]""")),
        Block("bash", ("command", true, "for f in *.cs; do echo \"$f\"; sed -n '1,20p' \"$f\" | grep -n \"<summary>\"; done 2>/dev/null"), ("timeout", false, "120.5"), ("background", false, "false")),
        Block("todo", ("items", false, """[{"id": "1", "content": "Read the tests", "status": "completed", "priority": "high"}, {"content": "Write the code, then \"run\" it", "status": "in_progress"}]""")),
        Block("fetch", ("url", true, "https://example.org/a?b=c"), ("headers", false, """{"Accept": "text/html", "X-Trace": "0af7651916cd43dd8448eb211c80319c"}""")),
        Block("ask", ("question", true, "Which one?"), ("options", false, """["first", {"label": "second", "detail": null}, {"label": "third", "detail": "the last"}]""")),
        Block("call", ("server", true, "db"), ("method", true, "query"), ("arguments", false, """{"sql": "select * from t where a = 'x' and b > 12", "limit": 100, "deep": [[1, 2.5e3], {"k": [true, null]}]}""")),
        Block("write", ("path", true, "README.md"), ("content", true, "# Title\n\n<b>not a tag</b> </parameter> and 12 < 13.\n\n```csharp\nvar x = \"</\" + 1;\n```\n")),
    ];

    private static string Block(string tool, params (string Name, bool IsString, string Value)[] parameters) =>
        $"\n\n<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"{tool}\">\n"
        + string.Concat(parameters.Select(parameter =>
            $"<｜DSML｜parameter name=\"{parameter.Name}\" string=\"{(parameter.IsString ? "true" : "false")}\">{parameter.Value}</｜DSML｜parameter>\n"))
        + "</｜DSML｜invoke>\n</｜DSML｜tool_calls>";
}
