using Benchmarks;
using Benchmarks.Traces;
using Ds4Provider.Engine;

switch (args)
{
    case ["reuse", { } library, { } modelPath, .. { } more]:
        using (LoadedModel model = LoadedModel.Open(library, modelPath, threads: 1))
            return await ReuseBenchmark.RunAsync(model.Tokenizer, Number("--seed", more) ?? 1, Text("--to", more));

    case ["server"]:
        var vocabulary = await PublishedVocabulary.ReadAsync();
        Console.WriteLine($"{vocabulary.VocabularySize} tokens, {Environment.ProcessorCount} processors, .NET {Environment.Version}");
        Console.WriteLine();
        Console.WriteLine(Percentiles.Header);
        new SamplingBenchmark(vocabulary.VocabularySize).Run();
        new ConstraintBenchmark(vocabulary).Run();
        new PromptBenchmark(vocabulary).Run();
        await DeliveryBenchmark.RunAsync(vocabulary);
        return 0;

    case ["checkpoints", { } library, { } modelPath]:
        CheckpointBenchmark.Run(library, modelPath);
        return 0;

    case ["download", .. { } more]:
        await DownloadBenchmark.RunAsync(Number("--megabytes", more) ?? 3072);
        return 0;

    case ["lifecycle"]:
        await LifecycleBenchmark.RunAsync();
        return 0;

    default:
        Console.Error.WriteLine("usage: Benchmarks server");
        Console.Error.WriteLine("       Benchmarks checkpoints <libds4> <model.gguf>");
        Console.Error.WriteLine("       Benchmarks download [--megabytes N]");
        Console.Error.WriteLine("       Benchmarks lifecycle");
        Console.Error.WriteLine("       Benchmarks reuse <libds4> <model.gguf> [--seed N] [--to FILE]");
        return 2;
}

static string? Text(string name, string[] options)
{
    int at = Array.IndexOf(options, name);
    return at >= 0 && at + 1 < options.Length ? options[at + 1] : null;
}

static int? Number(string name, string[] options) =>
    Text(name, options) is { } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;
