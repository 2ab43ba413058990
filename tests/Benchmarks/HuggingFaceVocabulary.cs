using System.Text.Json;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks;

/// <summary>A published <c>tokenizer.json</c>, filled up to the size of the model's vocabulary.</summary>
internal static class HuggingFaceVocabulary
{
    private const int Size = 129_280;

    private static readonly Dictionary<int, string> Ours = new()
    {
        [0] = "<｜begin▁of▁sentence｜>", [1] = "<｜end▁of▁sentence｜>", [128803] = "<｜User｜>", [128804] = "<｜Assistant｜>",
        [128821] = "<think>", [128822] = "</think>", [128825] = "｜DSML｜",
    };

    public static BytePairTokenizer Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var model = document.RootElement.GetProperty("model");
        var tokens = new string[Size];
        foreach (var token in model.GetProperty("vocab").EnumerateObject())
        {
            tokens[token.Value.GetInt32()] = token.Name;
        }

        foreach (var token in document.RootElement.GetProperty("added_tokens").EnumerateArray())
        {
            tokens[token.GetProperty("id").GetInt32()] = token.GetProperty("content").GetString()!;
        }

        // The family's later models gave new texts to some of the reserved ids.
        for (var id = 0; id < Size; id++)
        {
            tokens[id] = Ours.TryGetValue(id, out var text) ? text
                : tokens[id] is { } known && !Ours.ContainsValue(known) ? known
                : $"<｜reserved▁{id}｜>";
        }

        string[] merges = [.. model.GetProperty("merges").EnumerateArray().Select(Merge)];
        return BytePairTokenizer.Create(tokens, merges, Size);
    }

    private static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.String
        ? merge.GetString()!
        : string.Join(' ', merge.EnumerateArray().Select(part => part.GetString()));
}
