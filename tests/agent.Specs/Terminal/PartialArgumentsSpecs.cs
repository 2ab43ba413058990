using System.Text.Json;
using Agent.Terminal;
using CsCheck;

namespace Agent.Specs.Terminal;

public sealed class PartialArgumentsSpecs
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String, Gen.OneOf("", "\"", "\\", "\n\t\r\b\f", "😀", "a😀b", "\u0001", "}", "{\"x\":[1]}", "日本語"));

    [Fact]
    public void Split_anywhere_every_string_grows_to_its_value()
    {
        Gen.Select(Gen.Dictionary(Gen.String[Gen.Char.AlphaNumeric, 1, 8], Text)[0, 4], Gen.Int[1, 7], Gen.Bool).Sample((values, size, relaxed) =>
        {
            string json = JsonSerializer.Serialize(values, relaxed ? Relaxed : JsonSerializerOptions.Default);
            // What the serializer replaced, such as lone surrogates, is not this parser's doing.
            Dictionary<string, string> expected = JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;
            PartialArguments partial = new();
            foreach (char[] piece in json.Chunk(size))
            {
                partial.Append(piece);
                foreach (PartialArgument argument in partial.Arguments)
                    expected[argument.Name].ShouldStartWith(argument.Text, Case.Sensitive);
            }
            partial.IsComplete.ShouldBeTrue();
            partial.Arguments.ToDictionary(argument => argument.Name, argument => argument.Text).ShouldBe(expected, ignoreOrder: true);
            partial.Arguments.ShouldAllBe(argument => argument.IsComplete && argument.IsString);
        });
    }

    [Fact]
    public void Any_text_at_all_is_survived() =>
        Gen.String[Gen.OneOf(Gen.Char, Gen.OneOf('{', '}', '"', '\\', ':', ',', '[', ']', 'u', ' ')), 0, 60].Sample(text =>
        {
            PartialArguments partial = new();
            partial.Append(text);
            _ = partial.Arguments.Select(argument => argument.Text).ToList();
        });

    [Fact]
    public void Values_of_other_kinds_appear_as_their_JSON_text()
    {
        PartialArguments partial = Read("""{"path":"a", "offset" : 12 ,"deep":{"x":[1,"}]\"",{}]},"flag":true,"list":[ {"a":"b,c"} , 2 ]}""");

        partial.Find("path")!.Text.ShouldBe("a");
        partial.Find("offset")!.Text.ShouldBe("12");
        partial.Find("deep")!.Text.ShouldBe("""{"x":[1,"}]\"",{}]}""");
        partial.Find("flag")!.Text.ShouldBe("true");
        partial.Find("list")!.Text.ShouldBe("""[ {"a":"b,c"} , 2 ]""");
        partial.IsComplete.ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"command":"echo \""", "echo ")]
    [InlineData("""{"command":"a\u00e""", "a")]
    [InlineData("""{"command":"a\u00e9""", "aé")]
    [InlineData("""{"command":"x\ud83d""", "x")]
    [InlineData("""{"command":"x\ud83d\ude0""", "x")]
    [InlineData("""{"command":"x\ud83d\ude00""", "x😀")]
    public void What_is_not_complete_is_held_back(string json, string shown)
    {
        string text = json.EndsWith("\\\"", StringComparison.Ordinal) ? json[..^1] : json;

        Read(text).Find("command")!.Text.ShouldBe(shown);
    }

    [Theory]
    [InlineData("""{"c":"a\qb"}""", "aqb")]
    [InlineData("""{"c":"a\uZZZZb"}""", "a\uFFFDb")]
    [InlineData("{\"c\":\"a\nb\"}", "a\nb")]
    [InlineData("""{"c":"\ud83dx"}""", "\uFFFDx")]
    public void Mistakes_are_tolerated(string json, string shown) => Read(json).Find("c")!.Text.ShouldBe(shown);

    [Fact]
    public void A_name_without_a_value_is_not_an_argument_yet()
    {
        Read("""{"comm""").Arguments.ShouldBeEmpty();
        Read("""{"command":""").Arguments.ShouldBeEmpty();
        Read("""{"command":""" + "\"").Find("command")!.Text.ShouldBeEmpty();
    }

    private static JsonSerializerOptions Relaxed { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static PartialArguments Read(string json)
    {
        PartialArguments partial = new();
        partial.Append(json);
        return partial;
    }
}
