using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>Whatever a request asks of its reply, whatever is sampled and wherever the tokens end: the reply keeps it.</summary>
public class ForcedCaseSpecs
{
    [Fact]
    public void Thousands_of_random_replies_keep_the_rules_of_their_requests() => Run(Vocabularies.Demo, first: 0, cases: 1_500);

    [Fact]
    public void And_so_they_do_when_every_byte_is_a_token() => Run(Vocabularies.Small(), first: 1_000_000, cases: 1_500);

    private static void Run(ITokenizer vocabulary, int first, int cases)
    {
        var masks = new VocabularyMasks(vocabulary);
        var tokens = new RandomTokens(vocabulary);
        int[] replies = new int[3];
        for (var seed = first; seed < first + cases; seed++)
        {
            var random = new Random(seed);
            var rules = new ForcedCase(random);
            try
            {
                var calls = rules.Check(rules.Sample(masks, mask => tokens.Choose(mask, random)), masks);
                replies[Math.Min(calls, 2)]++;
            }
            catch (Exception failure)
            {
                throw new ShouldAssertException($"Seed {seed}: {rules}\n{failure.Message}", failure);
            }
        }

        // Without a call, with one, with several: all of it came about.
        replies.ShouldAllBe(count => count > 3);
    }
}
