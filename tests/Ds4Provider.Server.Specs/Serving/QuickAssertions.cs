namespace Ds4Provider.Server.Specs.Serving;

/// <summary>
/// Assertions for checks that run millions of times: Shouldly looks up the source of an assertion about strings before it
/// knows whether it holds, which takes as long as all the rest.
/// </summary>
internal static class QuickAssertions
{
    public static void ShouldRead(this string? actual, string? expected)
    {
        if (!string.Equals(actual, expected, StringComparison.Ordinal))
            actual.ShouldBe(expected);
    }
}
