using System.Diagnostics;
using System.Text;
using System.Text.Json;
using CsCheck;
using Ds4Provider.Engine.Json;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Ds4Provider.Engine.Specs.Json;

public class JsonDumpsSpecs
{
    private const string Python = "/usr/bin/python3";

    [Theory]
    [InlineData("""{"b":1,"a":[true,false,null],"c":{}}""", """{"b": 1, "a": [true, false, null], "c": {}}""")]
    [InlineData(" [ ] ", "[]")]
    [InlineData("""{"k":1,"x":2,"k":3}""", """{"k": 3, "x": 2}""")] // the last value, in the first one's place
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "-0.0")]
    [InlineData("1.0", "1.0")]
    [InlineData("1e5", "100000.0")]
    [InlineData("1E+2", "100.0")]
    [InlineData("1e16", "1e+16")]
    [InlineData("123456789012345.6e1", "1234567890123456.0")]
    [InlineData("12345678901234567.8", "1.2345678901234568e+16")]
    [InlineData("0.0001", "0.0001")]
    [InlineData("0.00001", "1e-05")]
    [InlineData("-1.5e-10", "-1.5e-10")]
    [InlineData("1.5e300", "1.5e+300")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("1e400", "Infinity")]
    [InlineData("[NaN,-Infinity]", "[NaN, -Infinity]")]
    [InlineData(""" "\u00e9\u4e2d\ud83d\ude00" """, "\"é中😀\"")]
    [InlineData(""" "\u0000\u001f\u007f\b\f\n\r\t\"\\\/" """, "\"\\u0000\\u001f\u007f\\b\\f\\n\\r\\t\\\"\\\\/\"")]
    [InlineData("\"\u2028<>&'+\"", "\"\u2028<>&'+\"")]
    public void Json_is_written_as_python_writes_it(string json, string expected)
    {
        JsonText.TryParse(json, out var value).ShouldBeTrue();
        JsonDumps.Write(value).ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[1,]")]
    [InlineData("{'a':1}")]
    [InlineData("01")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("+1")]
    [InlineData("\"\t\"")]
    [InlineData("\"\\x\"")]
    [InlineData("\"\\u12g4\"")]
    [InlineData("nulll")]
    [InlineData("\u00A01")]
    [InlineData("{} {}")]
    public void What_python_refuses_is_no_json(string text) => JsonText.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Nesting_has_an_end()
    {
        JsonText.TryParse(new string('[', 400) + new string(']', 400), out _).ShouldBeTrue();
        JsonText.TryParse(new string('[', 100_000) + new string(']', 100_000), out _).ShouldBeFalse();
    }

    [Fact]
    public void What_a_client_sent_is_written_anew()
    {
        using var document = JsonDocument.Parse("""{"name":"f\u002b","x":1.50}""");
        JsonDumps.Write(document.RootElement).ShouldBe("""{"name": "f+", "x": 1.5}""");
    }

    [Fact(Timeout = 60_000)]
    public async Task Random_json_is_read_and_written_as_by_python()
    {
        Assert.SkipUnless(File.Exists(Python), "There is no Python to compare with.");
        var texts = new List<string>();
        RandomJson(3).Array[1_000].Sample(texts.AddRange, iter: 1, threads: 1);
        RandomNumber.Array[1_000].Sample(texts.AddRange, iter: 1, threads: 1);
        Damaged.Array[1_000].Sample(texts.AddRange, iter: 1, threads: 1);

        var answers = await AskPython(texts, TestContext.Current.CancellationToken);
        answers.Count.ShouldBe(texts.Count);
        for (var i = 0; i < texts.Count; i++)
        {
            var ours = JsonText.TryParse(texts[i], out var value) ? JsonDumps.Write(value) : null;
            (ours is null ? null : Texts.WithoutSurrogates(ours)).ShouldBe(answers[i], texts[i]);
        }
    }

    private static Gen<string> RandomNumber { get; } = Gen.OneOf(
        Gen.Double.Select(number => double.IsFinite(number) ? number.ToString("R", System.Globalization.CultureInfo.InvariantCulture) : "0"),
        Gen.Select(Gen.Int[-99_999, 99_999], Gen.Int[-25, 25]).Select((mantissa, exponent) => $"{mantissa}e{exponent}"),
        Gen.Select(Gen.Long, Gen.Int[0, 99_999]).Select((whole, fraction) => $"{whole}.{fraction:00000}"),
        Gen.Select(Gen.Long, Gen.ULong).Select((high, low) => $"{high}{low}"));

    private static Gen<string> RandomString { get; } = Gen.Select(Texts.Any, Gen.Int[0, 2]).Select((text, style) => style switch
    {
        0 => JsonSerializer.Serialize(text),
        1 => "\"" + string.Concat(text.Select(unit => $"\\u{(int)unit:X4}")) + "\"",
        _ => "\"" + Texts.WithoutSurrogates(text).Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal)
            .Replace("\0", "", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"",
    });

    /// <summary>JSON from which a character was taken: mostly none any more.</summary>
    private static Gen<string> Damaged { get; } = Gen.Select(RandomJson(2), Gen.Int[0, 10_000]).Select((json, at) =>
        json.Remove(at % json.Length, 1));

    private static Gen<string> RandomJson(int depth)
    {
        var leaf = Gen.OneOf(RandomNumber, RandomString, Gen.OneOf("true", "false", "null", "NaN", "Infinity", "-Infinity"));
        if (depth == 0)
        {
            return leaf;
        }

        var inner = RandomJson(depth - 1);
        var key = Gen.OneOf(Gen.OneOf("\"a\"", "\"b\"", "\"\\u0061\""), RandomString);
        var space = Gen.OneOf("", " ", "\n\t ");
        return Gen.OneOf(
            leaf,
            Gen.Select(inner.Array[0, 4], space).Select((items, gap) => $"[{gap}{string.Join($",{gap}", items)}{gap}]"),
            Gen.Select(Gen.Select(key, inner).Array[0, 4], space).Select((members, gap) =>
                $"{{{gap}{string.Join($"{gap},", members.Select(member => $"{member.Item1}{gap}:{gap}{member.Item2}"))}{gap}}}"));
    }

    /// <summary>What Python makes of each text; null where it refuses.</summary>
    private static async Task<IReadOnlyList<string?>> AskPython(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        const string Program = """
            import base64, json, sys
            def answer(line):
                try:
                    value = json.loads(base64.b64decode(line).decode("utf-16-le", "surrogatepass"))
                except ValueError:
                    return "-"
                # A lone surrogate can stand in a string of Python; UTF-8 has no place for it.
                text = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
                return base64.b64encode(text.encode()).decode() or "="
            sys.stdout.write("\n".join(answer(line) for line in sys.stdin.read().split("\n")))
            """;
        var start = new ProcessStartInfo(Python, ["-c", Program]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.StandardInput.WriteAsync(string.Join('\n', texts.Select(text => Convert.ToBase64String(Encoding.Unicode.GetBytes(text)))));
        process.StandardInput.Close();
        var lines = (await output).Split('\n');
        await process.WaitForExitAsync(cancellationToken);
        process.ExitCode.ShouldBe(0);
        return [.. lines.Select(line => line == "-" ? null : Encoding.UTF8.GetString(Convert.FromBase64String(line)))];
    }
}
