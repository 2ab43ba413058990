using System.Diagnostics;
using System.Globalization;
using Fuzz;

const string Usage = """
    Fuzz [--target NAME] [--seed N] [--from N] [--inputs N] [--seconds N]
      Tries what reads foreign bytes with inputs that nobody should send; without --target, one target after the other.
      --inputs and --seconds count for each target. Input N of a seed is always the same: --from N --inputs 1 repeats it.
    """;

var options = new Dictionary<string, string>(StringComparer.Ordinal);
for (int i = 0; i + 1 < args.Length; i += 2)
    options[args[i]] = args[i + 1];
if (args.Length % 2 != 0 || options.Keys.Except(["--target", "--seed", "--from", "--inputs", "--seconds"]).Any()
    || (options.TryGetValue("--target", out string? wanted) && !FuzzTargets.Names.Contains(wanted)))
{
    await Console.Error.WriteLineAsync($"{Usage}\n  targets: {string.Join(", ", FuzzTargets.Names)}");
    return 2;
}

int seed = (int)Number("--seed", Random.Shared.Next());
TimeSpan time = TimeSpan.FromSeconds(Number("--seconds", options.ContainsKey("--inputs") ? 86_400 : 60));
long total = 0;
foreach (string name in wanted is null ? FuzzTargets.Names : [wanted])
{
    await using FuzzTarget target = FuzzTargets.Create(name);
    long start = Stopwatch.GetTimestamp();
    long lastTold = start;
    var run = new FuzzRun(target, seed)
    {
        Hung = hung =>
        {
            Console.Error.WriteLine(hung.Message);
            Environment.Exit(1);
        },
        Progress = tried =>
        {
            if (Stopwatch.GetElapsedTime(lastTold) < TimeSpan.FromSeconds(10))
                return;
            lastTold = Stopwatch.GetTimestamp();
            Console.WriteLine($"  {name}: {tried} inputs");
        },
    };
    try
    {
        long inputs = await run.RunAsync(Number("--from", 0), Number("--inputs", long.MaxValue / 2), time);
        total += inputs;
        string outcomes = string.Join(", ", run.Outcomes.Select(outcome => $"{outcome.Value} {outcome.Key}"));
        Console.WriteLine($"{name}, seed {seed}: {inputs} inputs in {Stopwatch.GetElapsedTime(start).TotalSeconds:0} s: {outcomes}");
    }
    catch (FuzzFailureException failure)
    {
        await Console.Error.WriteLineAsync(failure.Message);
        return 1;
    }
}
Console.WriteLine($"{total} inputs, no failure");
return 0;

long Number(string option, long otherwise) =>
    options.TryGetValue(option, out string? text) ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;
