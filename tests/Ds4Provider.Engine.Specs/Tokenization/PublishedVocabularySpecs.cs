using Benchmarks;
using Clients.Specs.Installation;
using CsCheck;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Tokenization;

/// <summary>The vocabulary of the model's family, as npm delivers it; skipped by name where npm cannot.</summary>
public sealed class PublishedVocabularySpecs : IAsyncLifetime
{
    private BytePairTokenizer? _tokenizer;

    private BytePairTokenizer Tokenizer => _tokenizer ?? throw new InvalidOperationException("Not read yet.");

    public async ValueTask InitializeAsync()
    {
        try
        {
            _tokenizer = await PublishedVocabulary.ReadAsync(TestContext.Current.CancellationToken);
        }
        catch (PackageUnavailableException missing)
        {
            // The console shows warnings, but not why a test was skipped.
            TestContext.Current.AddWarning(missing.Message);
            Assert.Skip(missing.Message);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("Complete the C statement with the next exact token only:\nreturn snprintf(buf, sizeof(buf), \"%d\", value", 27)]
    [InlineData("Rispondi in italiano con una frase: chi era Ada Lovelace?", 21)]
    [InlineData("Answer with only the number: 2048 divided by 128 is", 18)]
    public void Prompts_have_as_many_tokens_as_the_official_service_counts(string text, int count) =>
        Prompt(text).Count.ShouldBe(count);

    [Fact]
    public void The_smallest_prompt_has_the_published_ids() => Prompt("a").ShouldBe([0, 128803, 67, 128804, 128822]);

    [Fact]
    public void A_published_reply_has_the_published_ids()
    {
        int[] ids = [19923, 3, 52780, 236, 271, 2107, 8777, 1277, 440, 1438, 49646, 270, 7010, 582, 67, 2148];
        Tokenizer.Decode(ids).ShouldStartWith("Hello!");
        Tokenizer.Encode("Hello!").ShouldBe([19923, 3]);
        Tokenizer.Encode(" you just typed the letter \"a").ShouldBe([440, 1438, 49646, 270, 7010, 582, 67]);
    }

    [Fact]
    public void Decoding_gives_back_what_was_encoded() =>
        Texts.WellFormed.Sample(text => Tokenizer.Decode(Tokenizer.Encode(text)).ShouldBe(text));

    private IReadOnlyList<int> Prompt(string text)
    {
        var template = new PromptTemplate(Tokenizer);
        return template.Encode(template.Render(new Conversation([new UserMessage(text)]) { Thinking = ThinkingMode.Off }));
    }
}
