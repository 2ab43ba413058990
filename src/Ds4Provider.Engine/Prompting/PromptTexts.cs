namespace Ds4Provider.Engine.Prompting;

/// <summary>Texts that the model was trained on, byte for byte.</summary>
internal static class PromptTexts
{
    /// <summary>Stands before the system text when the model is asked for its maximum effort.</summary>
    public const string MaximumEffort =
        "Reasoning Effort: Absolute maximum with no shortcuts permitted.\n" +
        "You MUST be very thorough in your thinking and comprehensively decompose the problem to resolve the root cause, " +
        "rigorously stress-testing your logic against all potential paths, edge cases, and adversarial scenarios.\n" +
        "Explicitly write out your entire deliberation process, documenting every intermediate step, considered alternative, " +
        "and rejected hypothesis to ensure absolutely no assumption is left unchecked.\n\n";

    /// <summary>The tools section up to the schemas, which stand one per line.</summary>
    public const string BeforeSchemas =
        """
        ## Tools

        You have access to a set of tools to help answer the user's question. You can invoke tools by writing a "<｜DSML｜tool_calls>" block like the following:

        <｜DSML｜tool_calls>
        <｜DSML｜invoke name="$TOOL_NAME">
        <｜DSML｜parameter name="$PARAMETER_NAME" string="true|false">$PARAMETER_VALUE</｜DSML｜parameter>
        ...
        </｜DSML｜invoke>
        <｜DSML｜invoke name="$TOOL_NAME2">
        ...
        </｜DSML｜invoke>
        </｜DSML｜tool_calls>

        String parameters should be specified as is and set `string="true"`. For all other types (numbers, booleans, arrays, objects), pass the value in JSON format and set `string="false"`.

        If thinking_mode is enabled (triggered by <think>), you MUST output your complete reasoning inside <think>...</think> BEFORE any tool calls or final response.

        Otherwise, output directly after </think> with tool calls or final response.

        ### Available Tool Schemas


        """;

    /// <summary>The tools section after the schemas.</summary>
    public const string AfterSchemas =
        "\n\nYou MUST strictly follow the above defined tool name and parameter schemas to invoke tool calls.\n";

    /// <summary>Stands before the schema of the reply.</summary>
    public const string ResponseFormat =
        "## Response Format:\n\nYou MUST strictly adhere to the following schema to reply:\n";
}
