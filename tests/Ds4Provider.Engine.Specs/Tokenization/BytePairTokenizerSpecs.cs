using System.Text;
using CsCheck;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Tokenization;
using ML = Microsoft.ML.Tokenizers;

namespace Ds4Provider.Engine.Specs.Tokenization;

public class BytePairTokenizerSpecs
{
    private static readonly BytePairTokenizer Demo = Vocabularies.Demo;

    [Fact]
    public void Decoding_gives_back_what_was_encoded() =>
        Texts.Any.Sample(text => Demo.Decode(Demo.Encode(text)).ShouldBe(Texts.WithoutSurrogates(text)), iter: 5_000);

    [Fact]
    public void An_unpaired_surrogate_is_encoded_as_the_replacement_character() =>
        Demo.Encode("x\uD800y").ShouldBe(Demo.Encode("x\uFFFDy"));

    [Fact]
    public void Text_never_becomes_a_control_token() => Gen.Select(Texts.Any, Gen.OneOf(Vocabularies.ControlTexts), Texts.Any)
        .Sample((before, control, after) => Demo.Encode(before + control + after).ShouldAllBe(token => !Demo.IsControl(token)));

    [Fact]
    public void A_control_token_has_the_bytes_of_its_text()
    {
        Encoding.UTF8.GetString(Demo.Bytes(Demo.Control.BeginOfSentence)).ShouldBe("<｜begin▁of▁sentence｜>");
        Encoding.UTF8.GetString(Demo.Bytes(Demo.Control.ThinkClose)).ShouldBe("</think>");
        Encoding.UTF8.GetString(Demo.Bytes(Demo.Control.Dsml)).ShouldBe("｜DSML｜");
    }

    [Fact]
    public void A_special_string_that_the_template_does_not_know_is_a_control_token_too() =>
        Enumerable.Range(0, Demo.VocabularySize).Where(token => Vocabularies.DemoTokens[token].Contains('｜', StringComparison.Ordinal))
            .ShouldAllBe(token => Demo.IsControl(token));

    [Fact]
    public void Every_byte_is_a_token()
    {
        var tokenizer = Vocabularies.Small();
        for (var value = 0; value < 256; value++)
        {
            tokenizer.Bytes(Vocabularies.ControlTexts.Length + value).ToArray().ShouldBe([(byte)value]);
        }
    }

    [Theory]
    [InlineData("aaa", "aa|a")] // the leftmost of equal pairs
    [InlineData("aaaa", "aaaa")] // "aa aa" has a rank
    [InlineData("aaaaa", "aaaa|a")]
    [InlineData("abab", "ab|ab")]
    [InlineData("bab", "b|ab")]
    [InlineData("aabab", "aab|ab")]
    public void The_lowest_rank_merges_first_and_the_leftmost_among_equals(string text, string pieces)
    {
        var tokenizer = Vocabularies.Small("a a", "a b", "aa aa", "aa b");
        string.Join('|', tokenizer.Encode(text).Select(token => tokenizer.Decode([token]))).ShouldBe(pieces);
    }

    [Fact]
    public void Another_implementation_encodes_the_same()
    {
        var reference = Reference(Vocabularies.DemoTokens, Vocabularies.DemoMerges);
        Texts.WellFormed.Sample(text => Demo.Encode(text).ShouldBe(reference.EncodeToIds(text)), iter: 3_000);
    }

    [Fact]
    public void Another_implementation_breaks_ties_the_same() =>
        Gen.Select(RandomMerges, Gen.Char["abc"].Array[0, 60].Select(letters => new string(letters))).Sample((merges, text) =>
        {
            var tokens = Vocabularies.SmallTokens(merges);
            BytePairTokenizer.Create(tokens, merges, tokens.Length).Encode(text).ShouldBe(Reference(tokens, merges).EncodeToIds(text));
        }, iter: 300);

    [Fact(Timeout = 30_000)]
    public async Task A_run_of_two_hundred_thousand_letters_is_encoded_in_no_time()
    {
        var text = string.Concat(Enumerable.Repeat("theinandererthon", 12_500));
        var tokens = await Task.Run(() => Demo.Encode(text), TestContext.Current.CancellationToken);
        Demo.Decode(tokens).ShouldBe(text);
    }

    [Fact]
    public void Many_threads_may_encode_at_once()
    {
        var tokenizer = Vocabularies.Small("t h", "th e", "Ġ the");
        var text = string.Join(' ', Enumerable.Range(0, 5_000).Select(number => $"the{(char)('a' + (number % 26))}{number}"));
        var expected = tokenizer.Encode(text);
        Parallel.For(0, 8, _ => tokenizer.Encode(text).ShouldBe(expected));
    }

    [Theory]
    [InlineData("<｜User｜>")]
    [InlineData("</think>")]
    [InlineData("｜DSML｜")]
    public void A_vocabulary_without_a_control_token_is_refused_by_name(string missing)
    {
        var tokens = Vocabularies.SmallTokens().Select(token => token == missing ? "other" : token).ToArray();
        var failure = Should.Throw<EngineException>(() => BytePairTokenizer.Create(tokens, [], tokens.Length));
        failure.Status.ShouldBe(EngineStatus.Unsupported);
        failure.Message.ShouldContain(missing);
    }

    [Fact]
    public void A_vocabulary_without_a_byte_is_refused()
    {
        var tokens = Vocabularies.SmallTokens().Select(token => token == "Ġ" ? "other" : token).ToArray();
        Should.Throw<EngineException>(() => BytePairTokenizer.Create(tokens, [], tokens.Length)).Message.ShouldContain("0x20");
    }

    [Theory]
    [InlineData("a b")] // "ab" is not a token
    [InlineData("ab")]
    [InlineData(" ")]
    public void A_merge_that_makes_no_token_is_refused(string merge)
    {
        var tokens = Vocabularies.SmallTokens();
        var failure = Should.Throw<EngineException>(() => BytePairTokenizer.Create(tokens, [merge], tokens.Length));
        failure.Status.ShouldBe(EngineStatus.Format);
        failure.Message.ShouldContain("Merge 0");
    }

    [Fact]
    public void A_list_of_another_length_than_the_models_is_refused() =>
        Should.Throw<EngineException>(() => BytePairTokenizer.Create(Vocabularies.SmallTokens(), [], 1)).Status.ShouldBe(EngineStatus.Format);

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_has_no_bytes(int token) =>
        Should.Throw<ArgumentOutOfRangeException>(() => Demo.Bytes(token).Length);

    /// <summary>Merges of a, b and c, each joining two symbols that exist.</summary>
    private static Gen<string[]> RandomMerges { get; } = Gen.Select(Gen.Int[0, 99], Gen.Int[0, 99]).Array[1, 12].Select(pairs =>
    {
        var symbols = new List<string> { "a", "b", "c" };
        var merges = new List<string>();
        foreach (var (left, right) in pairs)
        {
            var (first, second) = (symbols[left % symbols.Count], symbols[right % symbols.Count]);
            if (!symbols.Contains(first + second))
            {
                symbols.Add(first + second);
                merges.Add($"{first} {second}");
            }
        }

        return merges.ToArray();
    });

    private static ML.BpeTokenizer Reference(string[] tokens, string[] merges) => ML.BpeTokenizer.Create(
        new ML.BpeOptions(tokens.Select((token, id) => KeyValuePair.Create(token, id)))
        {
            Merges = merges,
            ByteLevel = true,
            PreTokenizer = new OwnPieces(),
        });

    private sealed class OwnPieces : ML.PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
        {
            var at = 0;
            return Texts.Pieces(text.ToString()).Select(piece => (at += piece.Length, piece.Length)).Select(end => (end.Item1 - end.Length, end.Length));
        }
    }
}
