using Ds4Provider.Engine.Constraints;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Generation;

/// <summary>Compiles what a request asks of its reply, and refuses by name what cannot be kept. Every API does it here.</summary>
internal static class ReplyGrammars
{
    /// <param name="model">The model.</param>
    /// <param name="rules">What the reply must keep.</param>
    /// <param name="thinking">Whether the reply begins with reasoning.</param>
    /// <param name="maximumTokens">Most tokens of the reply.</param>
    /// <param name="schemaField">The field that holds a tool's schema, or for null that of the response.</param>
    /// <param name="maximumField">The field that limits the tokens.</param>
    /// <exception cref="ApiException">A schema cannot be served, or the tokens cannot suffice.</exception>
    public static ReplyGrammar Compile(
        ServedModel model, ReplyRules rules, bool thinking, int maximumTokens, Func<string?, string> schemaField, string maximumField)
    {
        ReplyGrammar grammar;
        try
        {
            grammar = model.Engine.Compile(rules);
        }
        catch (SchemaException refused)
        {
            string field = schemaField(refused.Tool);
            throw ApiException.Invalid(field, $"{field}: {refused.Message}", "invalid_schema");
        }
        int least = grammar.MinimumTokens + (thinking && grammar.MinimumTokens > 0 ? 1 : 0);
        if (least > maximumTokens)
        {
            throw ApiException.Invalid(
                maximumField,
                $"{maximumField}: the shortest reply that keeps tool_choice or the response's schema has {least} tokens, but only {maximumTokens} may be generated. Allow more, or shorten the prompt.",
                "reply_too_short");
        }
        return grammar;
    }
}
