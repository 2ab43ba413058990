using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Specs.Constraints;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Fuzz.Schemas;

/// <summary>Random tools, choices, responses and limits: whatever is sampled under their mask keeps them.</summary>
internal sealed class ConstraintTarget : FuzzTarget
{
    private readonly (VocabularyMasks Masks, RandomTokens Tokens)[] vocabularies =
    [
        (new VocabularyMasks(Vocabularies.Demo), new RandomTokens(Vocabularies.Demo)),
        (new VocabularyMasks(Vocabularies.Small()), new RandomTokens(Vocabularies.Small())),
    ];

    public override string Name => "constraints";

    public override ValueTask<string> TryAsync(Random random, FuzzInput input)
    {
        var rules = new ForcedCase(random);
        (VocabularyMasks masks, RandomTokens tokens) = random.Of(vocabularies);
        List<int> reply = [];
        input.Is(() => $"{rules}\nreply {string.Join(' ', reply)}");
        reply.AddRange(rules.Sample(masks, mask => tokens.Choose(mask, random)));
        return ValueTask.FromResult(rules.Check(reply, masks) switch
        {
            0 => "without calls",
            1 => "with a call",
            _ => "with several calls",
        });
    }
}
