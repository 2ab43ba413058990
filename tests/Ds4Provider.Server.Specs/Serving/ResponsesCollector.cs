using System.Text.Json.Nodes;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>What a client makes of the events of a response; fails on anything that the protocol does not allow.</summary>
internal static class ResponsesCollector
{
    private static readonly string[] Terminal = ["response.completed", "response.incomplete", "response.failed"];

    /// <summary>The response that the last event carries, after its items were found to be what the deltas add up to.</summary>
    public static JsonObject Collect(IReadOnlyList<JsonNode> events)
    {
        events.Select(e => e["sequence_number"]!.GetValue<int>()).ShouldBe(Enumerable.Range(0, events.Count));
        Type(events[0]).ShouldRead("response.created");
        Type(events[^1]).ShouldBeOneOf(Terminal);
        var items = new JsonArray();
        Item? open = null;
        foreach (JsonNode e in events.Skip(1).SkipLast(1))
        {
            string type = Type(e);
            if (type == "response.in_progress")
                continue;
            e["output_index"]!.GetValue<int>().ShouldBe(items.Count);
            if (type == "response.output_item.added")
            {
                open.ShouldBeNull("one item at a time");
                open = new Item(e["item"]!);
            }
            else if (type == "response.output_item.done")
            {
                items.Add(open.ShouldNotBeNull().End(e["item"]!));
                open = null;
            }
            else
            {
                open.ShouldNotBeNull("a delta needs an open item").Apply(type, e);
            }
        }
        open.ShouldBeNull("no item is left open");
        JsonObject response = events[^1]["response"]!.DeepClone().AsObject();
        response["output"]!.ToJsonString().ShouldRead(items.ToJsonString());
        return response;
    }

    private static string Type(JsonNode node) => node["type"]!.GetValue<string>();

    private sealed class Item(JsonNode added)
    {
        private readonly string id = added["id"]!.GetValue<string>();
        private string text = "";
        private string? whole;
        private bool partOpen;

        public void Apply(string type, JsonNode e)
        {
            e["item_id"]!.GetValue<string>().ShouldRead(id);
            if (type.EndsWith("part.added", StringComparison.Ordinal))
            {
                partOpen.ShouldBeFalse();
                partOpen = true;
                e["part"]!["text"]!.GetValue<string>().ShouldRead("");
            }
            else if (type.EndsWith("part.done", StringComparison.Ordinal))
            {
                partOpen.ShouldBeTrue();
                partOpen = false;
                e["part"]!["text"]!.GetValue<string>().ShouldRead(text);
            }
            else if (type.EndsWith(".delta", StringComparison.Ordinal))
            {
                whole.ShouldBeNull("nothing follows what is done");
                text += e["delta"]!.GetValue<string>();
            }
            else
            {
                type.EndsWith(".done", StringComparison.Ordinal).ShouldBeTrue(type);
                whole = (e["text"] ?? e["arguments"] ?? e["input"])!.GetValue<string>();
                whole.ShouldRead(text);
            }
        }

        public JsonNode End(JsonNode item)
        {
            partOpen.ShouldBeFalse("no part is left open");
            item["id"]!.GetValue<string>().ShouldRead(id);
            item["status"]!.GetValue<string>().ShouldBeOneOf("completed", "incomplete");
            JsonNode? part = (item["content"] is JsonArray { Count: > 0 } content ? content : item["summary"] as JsonArray)?[0];
            string said = Type(item) switch
            {
                "tool_search_call" => text,
                "function_call" => item["arguments"]!.GetValue<string>(),
                "custom_tool_call" => item["input"]!.GetValue<string>(),
                _ => part!["text"]!.GetValue<string>(),
            };
            said.ShouldRead(text);
            return item.DeepClone();
        }
    }
}
