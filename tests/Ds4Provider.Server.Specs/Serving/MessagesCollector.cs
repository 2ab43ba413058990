using System.Text.Json.Nodes;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>What a client makes of the events of a message; fails on anything that the protocol does not allow.</summary>
internal static class MessagesCollector
{
    public static JsonObject Collect(IReadOnlyList<JsonNode> events)
    {
        JsonNode[] said = [.. events.Where(e => Type(e) != "ping")];
        Type(said[0]).ShouldRead("message_start");
        Type(said[^1]).ShouldRead("message_stop");
        Type(said[^2]).ShouldRead("message_delta");
        JsonObject message = said[0]["message"]!.DeepClone().AsObject();
        var content = new JsonArray();
        JsonObject? open = null;
        string json = "";
        foreach (JsonNode e in said[1..^2])
        {
            switch (Type(e))
            {
                case "content_block_start":
                    open.ShouldBeNull("one block at a time");
                    e["index"]!.GetValue<int>().ShouldBe(content.Count);
                    open = e["content_block"]!.DeepClone().AsObject();
                    json = "";
                    break;
                case "content_block_delta":
                    e["index"]!.GetValue<int>().ShouldBe(content.Count);
                    Apply(open.ShouldNotBeNull("a delta needs an open block"), e["delta"]!, ref json);
                    break;
                case "content_block_stop":
                    e["index"]!.GetValue<int>().ShouldBe(content.Count);
                    if (Type(open.ShouldNotBeNull()) == "tool_use")
                        open["input"] = JsonNode.Parse(json);
                    content.Add(open);
                    open = null;
                    break;
                default:
                    throw new ShouldAssertException($"Unknown event {e.ToJsonString()}");
            }
        }
        open.ShouldBeNull("no block is left open");
        message["content"] = content;
        foreach ((string key, JsonNode? value) in said[^2]["delta"]!.AsObject())
            message[key] = value?.DeepClone();
        message["usage"] = said[^2]["usage"]!.DeepClone();
        return message;
    }

    private static void Apply(JsonObject block, JsonNode delta, ref string json)
    {
        switch (Type(delta), Type(block))
        {
            case ("thinking_delta", "thinking"):
                block["thinking"] = block["thinking"]!.GetValue<string>() + delta["thinking"]!.GetValue<string>();
                break;
            case ("signature_delta", "thinking"):
                block["signature"] = delta["signature"]!.GetValue<string>();
                break;
            case ("text_delta", "text"):
                block["text"] = block["text"]!.GetValue<string>() + delta["text"]!.GetValue<string>();
                break;
            case ("input_json_delta", "tool_use"):
                json += delta["partial_json"]!.GetValue<string>();
                break;
            default:
                throw new ShouldAssertException($"A {Type(delta)} in a block of {Type(block)}");
        }
    }

    private static string Type(JsonNode node) => node["type"]!.GetValue<string>();
}
