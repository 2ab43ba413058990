using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Server.Sessions;

/// <summary>A place in a prompt, in words that a client's author knows.</summary>
/// <param name="Message">Number of the turn, from 1; 0 = what stands before the first: system text and tools.</param>
/// <param name="Role"><c>system</c>, <c>user</c> (results of tools too) or <c>assistant</c>.</param>
internal readonly record struct PromptPlace(int Message, string Role)
{
    public static PromptPlace Of(ReadOnlySpan<int> prompt, int position, ControlTokens control)
    {
        int message = 0;
        string role = "system";
        foreach (int token in prompt[..Math.Min(position + 1, prompt.Length)])
        {
            if (token != control.User && token != control.Assistant)
                continue;
            message++;
            role = token == control.User ? "user" : "assistant";
        }
        return new PromptPlace(message, role);
    }
}
