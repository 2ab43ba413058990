using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Replay;

namespace Ds4Provider.Server.Specs;

public sealed class SampledTurnSpecs
{
    [Theory]
    [InlineData("""{"a": 1.0, "b": [1e3, "\u00e9"]}""", """{"b":[1000,"é"],"a":1}""")]
    [InlineData("", "{}")]
    [InlineData("""{"x":0.1}""", """{"x":1e-1}""")]
    public void Arguments_that_mean_the_same_are_spelled_the_same(string one, string other)
    {
        CanonicalJson.Of(one).ShouldBe(CanonicalJson.Of(other));
    }

    [Theory]
    [InlineData("""{"a":1}""", """{"a":"1"}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""")]
    [InlineData("""{"a":9007199254740993}""", """{"a":9007199254740994}""")]
    [InlineData("not json", "not  json")]
    [InlineData("{}", "[]")]
    public void Arguments_that_mean_something_else_are_spelled_differently(string one, string other)
    {
        CanonicalJson.Of(one).ShouldNotBe(CanonicalJson.Of(other));
    }

    [Fact]
    public void The_turn_that_was_not_used_for_longest_is_forgotten_first()
    {
        var store = new SampledTurnStore(turnCapacity: 2, tokenCapacity: 100);
        store.Remember(Turn("a"));
        store.Remember(Turn("b"));
        store.Find(Key("a")).ShouldNotBeNull();

        store.Remember(Turn("c"));

        store.Find(Key("a")).ShouldNotBeNull();
        store.Find(Key("b")).ShouldBeNull();
        store.Find(Key("c")).ShouldNotBeNull();
        store.Count.ShouldBe(2);
    }

    [Fact]
    public void The_tokens_of_all_turns_are_bounded_too()
    {
        var store = new SampledTurnStore(turnCapacity: 100, tokenCapacity: 10);

        store.Remember(Turn("a", 6));
        store.Remember(Turn("b", 6));
        store.Find(Key("a")).ShouldBeNull();
        store.Find(Key("b")).ShouldNotBeNull();

        store.Remember(Turn("c", 60));
        store.Count.ShouldBe(0);
    }

    [Fact]
    public void A_turn_said_twice_is_still_known_when_the_first_is_forgotten()
    {
        var store = new SampledTurnStore(turnCapacity: 2, tokenCapacity: 100);
        store.Remember(Turn("a"));
        store.Remember(Turn("a"));

        store.Remember(Turn("b"));

        store.Find(Key("a")).ShouldNotBeNull();
    }

    private static SampledTurn Turn(string text, int tokens = 1) =>
        new(new AssistantMessage(text), new int[tokens], Thinking: false, TurnKey.Of("history"));

    private static TurnKey Key(string text) => TurnKey.OfVisible(new AssistantMessage(text));
}
