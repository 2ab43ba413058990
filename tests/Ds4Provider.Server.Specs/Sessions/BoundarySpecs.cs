using Ds4Provider.Engine.Tokenization;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Specs.Engine;

namespace Ds4Provider.Server.Specs.Sessions;

public sealed class BoundarySpecs
{
    private static readonly ControlTokens Control = new ScriptedTokenizer().Control;

    [Fact]
    public void The_end_of_what_all_conversations_begin_with_is_a_boundary()
    {
        int[] prompt = [.. Plain(900), Control.User, .. Plain(10), Control.Assistant, Control.ThinkOpen];

        Find(prompt, 0, false).ShouldBe([900]);
        Find(prompt, 900, false).ShouldBeEmpty();
    }

    [Fact]
    public void A_short_beginning_is_none()
    {
        int[] prompt = [.. Plain(20), Control.User, .. Plain(10), Control.Assistant, Control.ThinkOpen];

        Find(prompt, 0, false).ShouldBeEmpty();
    }

    [Fact]
    public void Where_the_next_prompt_drops_the_reasoning_the_marker_of_the_reply_is_one()
    {
        int[] prompt = [.. Plain(20), Control.User, .. Plain(10), Control.Assistant, Control.ThinkOpen];

        Find(prompt, 0, true).ShouldBe([31]);
    }

    [Fact]
    public void Instructions_in_messages_before_the_users_belong_to_the_beginning()
    {
        int[] prompt = [.. Plain(900), Control.User, .. Plain(2000), Control.User, .. Plain(10), Control.Assistant, Control.ThinkOpen];

        Find(prompt, 0, false).ShouldBe([900, 2901]);
        Find(prompt, 900, false).ShouldBe([2901]);
        Find(prompt, 2901, false).ShouldBeEmpty();
    }

    [Fact]
    public void Short_instructions_are_not_worth_a_stop()
    {
        int[] prompt = [.. Plain(900), Control.User, .. Plain(100), Control.User, .. Plain(10), Control.Assistant, Control.ThinkOpen];

        Find(prompt, 0, false).ShouldBe([900]);
    }

    [Fact]
    public void A_long_history_has_one_at_the_end_of_a_turn_every_few_thousand_tokens()
    {
        List<int> prompt = [.. Plain(200)];
        for (int turn = 0; turn < 20; turn++)
            prompt.AddRange([Control.User, .. Plain(500), Control.Assistant, .. Plain(500), Control.EndOfSentence]);
        prompt.AddRange([Control.User, .. Plain(30_000), Control.Assistant, Control.ThinkOpen]);

        List<int> found = Find([.. prompt], 0, false);

        found.ShouldBe(found.Order());
        found.ShouldAllBe(at => at < prompt.Count);
        found.Zip(found.Skip(1), (a, b) => b - a).ShouldAllBe(distance => distance >= 4096 && distance <= 8192);
        found.Where(at => at < 20_000).ShouldAllBe(at => prompt[at] == Control.User);
    }

    [Fact]
    public void A_boundary_says_whether_other_conversations_or_the_next_prompt_come_back_to_it()
    {
        int[] prompt = [.. Plain(900), Control.User, .. Plain(9000), Control.Assistant, Control.ThinkOpen];

        Boundaries.Find(prompt, 0, Control, reasoningIsDropped: true).Select(boundary => boundary.Place)
            .ShouldBe([StatePlace.Beginning, StatePlace.Passing, StatePlace.End]);
    }

    private static List<int> Find(int[] prompt, int cached, bool reasoningIsDropped) =>
        Boundaries.Find(prompt, cached, Control, reasoningIsDropped).ConvertAll(boundary => boundary.Position);

    private static IEnumerable<int> Plain(int count) => Enumerable.Repeat(new ScriptedTokenizer().Encode("x")[0], count);
}
