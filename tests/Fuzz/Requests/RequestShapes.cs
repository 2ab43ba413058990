using System.Text.Json.Nodes;

namespace Fuzz.Requests;

/// <summary>Requests in the shapes that agents send, with texts of ours; what is damaged begins whole.</summary>
internal static class RequestShapes
{
    private const string Schema = """
        {"type":"object","properties":{"path":{"type":"string","description":"d"},"edits":{"type":"array","items":{"type":"object","properties":{"old":{"type":"string"},"new":{"type":"string"}},
        "required":["old","new"],"additionalProperties":false},"minItems":1},"limit":{"type":"integer","minimum":1},"mode":{"enum":["a","b",1,null]},"any":{"anyOf":[{"type":"string"},{"$ref":"#/$defs/t"}]}},
        "required":["path"],"additionalProperties":false,"$defs":{"t":{"type":"object","properties":{"t":{"$ref":"#/$defs/t"}}}}}
        """;

    public static IReadOnlyDictionary<string, JsonObject[]> ByPath { get; } = new Dictionary<string, JsonObject[]>(StringComparer.Ordinal)
    {
        ["/v1/chat/completions"] = Parse(
            $$$"""
            {"model":"demo","messages":[{"role":"system","content":"s"},{"role":"developer","content":"d"},{"role":"user","content":[{"type":"text","text":"é😀"}]},
             {"role":"assistant","content":null,"reasoning_content":"r","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1.0}"}},{"id":"c2","type":"function","function":{"name":"f","arguments":"{"}}]},
             {"role":"tool","tool_call_id":"c2","content":"x"},{"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"y"}]}],
             "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,"parameters":{{{Schema}}} } },{"type":"function","function":{"name":"g"} }],
             "tool_choice":"auto","parallel_tool_calls":false,"temperature":0.5,"top_p":0.9,"top_k":5,"min_p":0.1,"seed":7,"max_tokens":9,"max_completion_tokens":900,"stop":["a","b"],
             "stream":true,"stream_options":{"include_usage":true},"thinking":{"type":"enabled"},"reasoning_effort":"high","n":1,"logit_bias":{},"response_format":{"type":"text"},"metadata":{"k":[1,2,{"x":null}]}}
            """,
            $$$"""
            {"model":"demo","messages":[{"role":"user","content":"u"}],"tools":[{"type":"function","function":{"name":"f","parameters":{{{Schema}}} } }],"tool_choice":{"type":"function","function":{"name":"f"} },"thinking":{"type":"disabled"}}
            """,
            $$$"""
            {"messages":[{"role":"user","content":"u"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":false,"schema":{{{Schema}}} } },"stop":"x","reasoning_effort":"none"}
            """),
        ["/v1/messages"] = Parse(
            $$$"""
            {"model":"demo","system":[{"type":"text","text":"x-anthropic-billing-header: 1"},{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"u"},
             {"role":"assistant","content":[{"type":"thinking","thinking":"r","signature":"x"},{"type":"text","text":"t"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1.0}}]},
             {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":[{"type":"text","text":"é😀"},{"type":"tool_reference","tool_name":"f"}]},{"type":"text","text":"go"}]}],
             "tools":[{"name":"f","description":"d","input_schema":{{{Schema}}},"cache_control":{"type":"ephemeral"}},{"type":"web_search_20250305","name":"web_search","max_uses":8}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},
             "max_tokens":900,"stop_sequences":["a"],"thinking":{"type":"enabled","budget_tokens":5},"output_config":{"effort":"high"},"stream":true,"metadata":{"user_id":"x"},"context_management":{"edits":[]}}
            """,
            $$$"""
            {"model":"demo","messages":[{"role":"user","content":"u"}],"max_tokens":800,"tools":[{"name":"f","input_schema":{{{Schema}}} }],"tool_choice":{"type":"tool","name":"f"},"output_config":{"format":{"type":"json_schema","schema":{"type":"object"} } } }
            """),
        ["/v1/responses"] = Parse(
            $$$"""
            {"model":"demo","instructions":"s","input":[{"role":"user","content":[{"type":"input_text","text":"é😀"}]},{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"r"}],"content":null,"encrypted_content":null},
             {"type":"message","role":"assistant","content":[{"type":"output_text","text":"t","annotations":[]}]},{"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{}"},
             {"type":"function_call_output","call_id":"c","output":"x"},{"type":"custom_tool_call","call_id":"d","name":"g","input":"y"},{"type":"custom_tool_call_output","call_id":"d","output":[{"type":"input_text","text":"z"}]}],
             "tools":[{"type":"namespace","name":"n","description":"d","tools":[{"type":"function","name":"f","strict":true,"parameters":{{{Schema}}} }]},{"type":"custom","name":"g","format":{"type":"text"}},{"type":"web_search"},{"type":"function","name":"h","parameters":{"type":"object"} }],
             "tool_choice":"required","parallel_tool_calls":true,"reasoning":{"effort":"high","summary":"auto"},"text":{"format":{"type":"text"},"verbosity":"low"},"max_output_tokens":900,"store":false,"stream":true,"include":["reasoning.encrypted_content"]}
            """,
            $$$"""
            {"input":"u","text":{"format":{"type":"json_schema","name":"n","strict":false,"schema":{{{Schema}}} } },"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]},"tools":[{"type":"function","name":"f","parameters":{{{Schema}}} }]}
            """),
        ["/v1/completions"] = Parse(
            """
            {"model":"demo","prompt":["é😀"],"max_tokens":9,"temperature":0.5,"top_p":0.9,"seed":1,"stop":["a"],"stream":true,"stream_options":{"include_usage":true},"n":1,"best_of":1,"echo":false,"suffix":null,"logit_bias":{},"user":"u"}
            """),
    };

    private static JsonObject[] Parse(params string[] shapes) => [.. shapes.Select(shape => JsonNode.Parse(shape)!.AsObject())];
}
