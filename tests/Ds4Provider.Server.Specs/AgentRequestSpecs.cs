using System.Text;
using System.Text.Json;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Specs.Engine;

namespace Ds4Provider.Server.Specs;

/// <summary>Requests of the shape that coding agents send are read and rendered; the texts are ours.</summary>
public sealed class AgentRequestSpecs
{
    private const string Schema = """{"type":"object","properties":{"command":{"type":"string"},"timeout":{"type":"number"}},"required":["command"],"additionalProperties":false}""";

    private static readonly LoadedModel Model = new(new ScriptedModel());

    [Fact]
    public void Pi_on_chat_completions() => Render("chat", $$$"""
        {"model":"demo","messages":[{"role":"system","content":"You help."},{"role":"user","content":[{"type":"text","text":"Work"}]},
         {"role":"assistant","content":"I will.","reasoning_content":"Think.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"ls\"}"}}]},
         {"role":"tool","content":"out","tool_call_id":"call_1"}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":94834,
         "tools":[{"type":"function","function":{"name":"bash","description":"Runs","parameters":{{{Schema}}} } }],"thinking":{"type":"enabled"},"reasoning_effort":"high"}
        """).ShouldContain("<tool_result>out</tool_result>");

    [Fact]
    public void Pi_on_responses() => Render("responses", $$$"""
        {"model":"demo","input":[{"role":"system","content":"You help."},{"role":"user","content":[{"type":"input_text","text":"Work"}]},
         {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Think."}]},
         {"type":"message","role":"assistant","id":"msg_1","status":"completed","content":[{"type":"output_text","text":"I will.","annotations":[]}]},
         {"type":"function_call","id":"fc_1","call_id":"call_1","name":"bash","arguments":"{\"command\":\"ls\"}"},{"type":"function_call_output","call_id":"call_1","output":"out"}],
         "stream":true,"prompt_cache_key":"k","store":false,"max_output_tokens":94834,"tools":[{"type":"function","name":"bash","description":"Runs","parameters":{{{Schema}}} }],
         "reasoning":{"effort":"high","summary":"auto"},"include":["reasoning.encrypted_content"]}
        """).ShouldContain("<tool_result>out</tool_result>");

    [Fact]
    public void Pi_on_messages() => Render("messages", $$$"""
        {"model":"demo","messages":[{"role":"user","content":[{"type":"text","text":"Work"}]},
         {"role":"assistant","content":[{"type":"thinking","thinking":"Think.","signature":"c2ln"},{"type":"text","text":"I will."},{"type":"tool_use","id":"toolu_1","name":"bash","input":{"command":"ls"}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"out","is_error":false,"cache_control":{"type":"ephemeral"}}]}],
         "max_tokens":94834,"stream":true,"system":[{"type":"text","text":"You help.","cache_control":{"type":"ephemeral"}}],
         "tools":[{"name":"bash","description":"Runs","input_schema":{{{Schema}}},"cache_control":{"type":"ephemeral"}}],"thinking":{"type":"enabled","budget_tokens":16384,"display":"summarized"}}
        """).ShouldContain("<tool_result>out</tool_result>");

    [Fact]
    public void The_same_conversation_is_the_same_prompt_on_every_API()
    {
        string tool = $$$"""{"name":"bash","description":"Runs","parameters":{{{Schema}}} }""";
        string chat = Render("chat", $$$"""
            {"messages":[{"role":"system","content":"S"},{"role":"user","content":"U"},{"role":"assistant","content":"T","reasoning_content":"R","tool_calls":[
             {"id":"1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"a\"}"}},{"id":"2","type":"function","function":{"name":"bash","arguments":"{\"command\":\"b\"}"}}]},
             {"role":"tool","tool_call_id":"2","content":"B"},{"role":"tool","tool_call_id":"1","content":"A"}],"tools":[{"type":"function","function":{{{tool}}} }]}
            """);
        string messages = Render("messages", $$$"""
            {"system":"S","messages":[{"role":"user","content":"U"},{"role":"assistant","content":[{"type":"thinking","thinking":"R","signature":""},{"type":"text","text":"T"},
             {"type":"tool_use","id":"1","name":"bash","input":{"command":"a"}},{"type":"tool_use","id":"2","name":"bash","input":{"command":"b"}}]},
             {"role":"user","content":[{"type":"tool_result","tool_use_id":"2","content":"B"},{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"A"}]}]}],
             "tools":[{"name":"bash","description":"Runs","input_schema":{{{Schema}}} }]}
            """);
        string responses = Render("responses", $$$"""
            {"instructions":"S","input":[{"role":"user","content":"U"},{"type":"reasoning","summary":[{"type":"summary_text","text":"R"}]},{"role":"assistant","content":"T"},
             {"type":"function_call","call_id":"1","name":"bash","arguments":"{\"command\":\"a\"}"},{"type":"function_call","call_id":"2","name":"bash","arguments":"{\"command\":\"b\"}"},
             {"type":"function_call_output","call_id":"2","output":"B"},{"type":"function_call_output","call_id":"1","output":"A"}],
             "tools":[{"type":"function","name":"bash","description":"Runs","strict":false,"parameters":{{{Schema}}} }]}
            """);

        messages.ShouldBe(chat);
        responses.ShouldBe(chat);
        chat.IndexOf("<tool_result>A", StringComparison.Ordinal).ShouldBeLessThan(chat.IndexOf("<tool_result>B", StringComparison.Ordinal));
    }

    [Fact]
    public void Claude_Code() => Render("messages", $$$"""
        {"model":"demo","messages":[{"role":"user","content":[{"type":"text","text":"Work","cache_control":{"type":"ephemeral"}}]},{"role":"system","content":"Reminder"},
         {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"ls"}},{"type":"tool_use","id":"toolu_2","name":"ToolSearch","input":{"query":"q"}}]},
         {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"tool_reference","tool_name":"Edit"}]},{"tool_use_id":"toolu_1","type":"tool_result","content":"out","is_error":true},{"type":"text","text":"Go on"}]}],
         "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=1"},{"type":"text","text":"You help."}],
         "tools":[{"name":"Bash","description":"Runs","input_schema":{{{Schema}}},"eager_input_streaming":true},{"name":"ToolSearch","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search","max_uses":8}],
         "metadata":{"user_id":"{\"device\":\"d\"}"},"max_tokens":32000,"thinking":{"type":"adaptive","display":"updates"},"output_config":{"effort":"high"},
         "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"stream":true}
        """).ShouldNotContain("billing");

    [Fact]
    public void Codex() => Render("responses", $$$"""
        {"model":"demo","stream":true,"input":[{"type":"message","id":"m1","role":"developer","content":[{"type":"input_text","text":"You help."},{"type":"input_text","text":"Skills"}]},
         {"type":"message","role":"user","content":[{"type":"input_text","text":"<cwd>/</cwd>"}]},{"type":"message","role":"user","content":[{"type":"input_text","text":"Work"}]},
         {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Think."}],"content":null,"encrypted_content":null},
         {"type":"function_call","status":"completed","id":"fc_1","name":"exec","arguments":"{\"command\":\"ls\"}","call_id":"c1"},{"type":"function_call_output","id":"o","call_id":"c1","output":"out"}],
         "tools":[{"type":"function","name":"exec","description":"Runs","strict":false,"parameters":{{{Schema}}} },
          {"type":"namespace","name":"agents_v1","description":"Agents","tools":[{"type":"function","name":"close","description":"Closes","strict":false,"parameters":{"type":"object","properties":{} } }]},
          {"type":"web_search","external_web_access":true}],
         "tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"summary":"auto"},"store":false,"include":["reasoning.encrypted_content"],"prompt_cache_key":"k","client_metadata":{"thread_id":"t"}}
        """).ShouldContain("agents_v1__close");

    [Fact]
    public void Opencode_with_its_title_request() => Render("chat", """
        {"model":"demo","max_tokens":32000,"messages":[{"role":"system","content":"You title."},{"role":"user","content":"Generate a title"},{"role":"user","content":"\"Work\""}],
         "tool_choice":"auto","reasoning_effort":"low","stream":true,"stream_options":{"include_usage":true}}
        """).ShouldContain("You title.");

    private static string Render(string api, string json)
    {
        using JsonDocument document = JsonBody.Parse(Encoding.UTF8.GetBytes(json), 128);
        var body = new JsonField(document.RootElement, "");
        GenerationRequest request = api switch
        {
            "chat" => ChatRequestParser.Parse(body, "demo"),
            "messages" => MessagesRequestParser.Parse(body, "demo"),
            _ => ResponsesRequestParser.Parse(body, new ResponsesTools(), "demo"),
        };
        Conversation conversation = ((ConversationPrompt)request.Prompt).Conversation;
        Model.Compile(request.Rules).AllowsCalls.ShouldBe(conversation.Tools.Count > 0);
        return string.Concat(Model.Template.Render(conversation).Select(segment => segment is TextSegment text ? text.Text : $"[{segment}]"));
    }
}
