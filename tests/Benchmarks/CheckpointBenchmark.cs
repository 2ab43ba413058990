using System.Diagnostics;
using System.Globalization;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Native;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;
using Microsoft.Extensions.Logging.Abstractions;

namespace Benchmarks;

/// <summary>
/// What a reply loses while a state of its conversation is written to the disk: times of single tokens, without a write and
/// during one. The writer shares processors and memory with the engine, as in the server.
/// </summary>
internal static class CheckpointBenchmark
{
    private const int Prompt = 2048;
    private const int Turn = 512;
    private const int Quiet = 60;
    private const int Writes = 8;

    public static void Run(string library, string modelPath)
    {
        string folder = Directory.CreateTempSubdirectory("ds4-checkpoints-").FullName;
        try
        {
            using NativeModel model = NativeModel.Open(library, modelPath, threads: 0);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileName(modelPath)}: {model.Description.WeightBytes / 1e9:0.0} GB, {model.Description.Kernels}, {model.Description.Threads} threads, a prompt of {Prompt} tokens"));
            Console.WriteLine();
            using StateFolder states = StateFolder.TryOpen(folder, model.Description.Fingerprint, NullLogger.Instance)
                ?? throw new InvalidOperationException("Another program writes here.");
            using CheckpointIndex memory = new(() => 0, 1, TimeProvider.System);
            using CheckpointStore store = new(states, model, memory, TimeProvider.System, NullLogger<CheckpointStore>.Instance);
            Measure(model, store);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(NativeModel model, CheckpointStore store)
    {
        using ILanguageSession session = model.CreateSession(Prompt + (2 * Writes * (Turn + 100)) + Quiet, EngineMode.Fast);
        var random = new Random(1);
        List<int> tokens = [];
        int[] Next(int count)
        {
            int[] next = [.. Enumerable.Range(0, count).Select(_ => random.Next(model.Description.VocabularySize))];
            tokens.AddRange(next);
            return next;
        }

        session.Prefill(Next(Prompt), null, CancellationToken.None);
        List<double> quiet = [.. Enumerable.Range(0, Quiet).Select(_ => Decode(session, Next(1)[0]))];
        List<double> busy = [];
        List<double> offers = [];
        List<double> excesses = [];
        double median = Median(quiet);
        for (int write = 0; write < Writes; write++)
        {
            session.Prefill(Next(Turn), null, CancellationToken.None);
            long written = store.Written;
            ISessionCheckpoint state = null!;
            offers.Add(Time(() =>
            {
                state = session.Checkpoint();
                store.Offer(tokens.ToArray(), state, isBeginning: false);
            }));
            double excess = 0;
            while (store.Written == written && excess < 1000 * median)
            {
                busy.Add(Decode(session, Next(1)[0]));
                excess += Math.Max(0, busy[^1] - median);
            }
            excesses.Add(excess);
            store.WaitUntilIdle();
            state.Dispose();
        }
        List<double> alone = [.. Enumerable.Range(0, Writes).Select(_ => WriteAlone(session, store, tokens, Next(Turn)))];
        Report(quiet, busy, offers, excesses, alone, store.Bytes / 1e6);
    }

    private static double WriteAlone(ILanguageSession session, CheckpointStore store, List<int> tokens, int[] turn)
    {
        session.Prefill(turn, null, CancellationToken.None);
        using ISessionCheckpoint state = session.Checkpoint();
        return Time(() =>
        {
            store.Offer(tokens.ToArray(), state, isBeginning: false);
            store.WaitUntilIdle();
        });
    }

    private static void Report(
        List<double> quiet, List<double> busy, List<double> offers, List<double> excesses, List<double> alone, double megabytes)
    {
        double token = Median(quiet);
        Console.WriteLine("| | count | median ms | maximum ms | maximum ÷ median token |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        Print("token, nothing is written", quiet, token);
        Print("token, a state is written", busy, token);
        Print("taking and offering the state, on the engine's thread", offers, token);
        Print("all that tokens lose to one write", excesses, token);
        Print("a write while the engine does nothing", alone, token);
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{2 * Writes} writes, {megabytes:0} MB on the disk at the end."));
    }

    private static void Print(string name, List<double> milliseconds, double token)
    {
        if (milliseconds.Count == 0)
            return;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {milliseconds.Count} | {Median(milliseconds):0.00} | {milliseconds.Max():0.00} | {milliseconds.Max() / token:0.00} |"));
    }

    private static double Decode(ILanguageSession session, int token) => Time(() => session.Decode(token));

    private static double Time(Action action)
    {
        long begun = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
