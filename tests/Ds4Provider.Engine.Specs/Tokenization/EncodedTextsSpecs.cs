using CsCheck;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Tokenization;

public sealed class EncodedTextsSpecs
{
    [Fact]
    public void What_is_remembered_is_what_the_tokenizer_says()
    {
        var texts = new EncodedTexts(Vocabularies.Demo, capacity: 500);
        Gen.Select(Texts.Any, Gen.Int[0, 20]).Select((text, times) => string.Concat(Enumerable.Repeat(text, times)))
            .Sample(text =>
            {
                for (var time = 0; time < 2; time++)
                {
                    var tokens = new List<int> { 7 };
                    texts.Encode(text, tokens);
                    tokens.ShouldBe([7, .. Vocabularies.Demo.Encode(text)]);
                }
            });
    }

    [Fact]
    public void No_more_is_remembered_than_there_is_room_for()
    {
        var texts = new EncodedTexts(Vocabularies.Demo, capacity: 1000);
        for (var i = 0; i < 100; i++)
        {
            texts.Encode($"{i} " + new string('x', 300), []);
            texts.Held.ShouldBeInRange(1, 1000);
        }

        texts.Encode(new string('x', 100_000), []);
        texts.Held.ShouldBeLessThanOrEqualTo(1000);
    }
}
