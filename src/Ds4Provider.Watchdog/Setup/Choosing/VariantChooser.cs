using System.Globalization;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Choosing;

/// <summary>A variant, and what fits beside it.</summary>
/// <param name="Variant">The quantisation.</param>
/// <param name="ContextWindow">Tokens that a session may hold.</param>
/// <param name="Slots">Sessions of that length that can be held and generate at the same time, 1 to 4.</param>
internal sealed record VariantChoice(ModelVariant Variant, int ContextWindow, int Slots);

/// <summary>
/// Chooses variant, context and slots for a machine, before any byte is there. A pure function: weights + sessions + reserve must
/// stay within memory, container limit and GPU working set, and what is missing of the weights within the free disk; replies that
/// run side by side also need cores where no GPU calculates.
/// </summary>
internal static class VariantChooser
{
    /// <summary>Sessions whose full context must fit: the one at work and one that waits.</summary>
    private const int Sessions = 2;
    private const int MostSlots = 4;

    // Replies at a time share every reading of the weights, but not the arithmetic: with fewer cores each for more than two,
    // all of them would only be slower. Two are for a short request beside a long reply.
    private const int CoresOfSlot = 4;
    private const int SlotsOfAnyMachine = 2;
    private const int SmallestContext = 32 * 1024;
    private const long GiB = 1L << 30;
    private const long MiB = 1L << 20;

    // Beside the GPU's weights and sessions: logits, scores and scratch of a prefill tile.
    private const long GpuReserve = GiB;

    // The share of an Apple machine's memory that its GPU may safely be given; the rest is the system's.
    private const double LargestGpuShare = 0.9;

    /// <summary>Chooses.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="variants">What there is.</param>
    /// <param name="wanted">Name of the variant to take instead of the best one, or <see langword="null"/>.</param>
    /// <param name="missing">Bytes of a variant that are not on the disk yet.</param>
    /// <exception cref="SetupException">Nothing fits, or there is no such variant.</exception>
    public static VariantChoice Choose(
        MachineProfile machine, IReadOnlyList<ModelVariant> variants, string? wanted, Func<ModelVariant, long> missing)
    {
        ModelVariant variant = wanted is null ? Best(machine, variants, missing) : Named(variants, wanted);
        if (LargestContext(machine, variant) is not { } context)
            throw TooSmall(machine, variant);
        DiskCheck.Require(missing(variant), machine.FreeDisk, variant);
        return new VariantChoice(variant, context, Slots(machine, variant, context));
    }

    private static ModelVariant Named(IReadOnlyList<ModelVariant> variants, string wanted) =>
        variants.FirstOrDefault(variant => variant.Name == wanted)
        ?? throw new SetupException(
            FailureReason.UnknownModel,
            $"DS4_MODEL_QUANT is \"{wanted}\"; there is no such variant.",
            $"Use one of {string.Join(", ", variants.Select(variant => variant.Name))}, or unset it.");

    private static ModelVariant Best(MachineProfile machine, IReadOnlyList<ModelVariant> variants, Func<ModelVariant, long> missing)
    {
        ModelVariant[] held = [.. variants.Where(variant => variant.MachineBytes <= machine.Usable && LargestContext(machine, variant) is not null)];
        return held.Where(variant => DiskCheck.Holds(missing(variant), machine.FreeDisk)).MaxBy(variant => variant.FileBytes)
            // None fits: the error speaks of the smallest one.
            ?? held.MinBy(variant => variant.FileBytes)
            ?? variants.MinBy(variant => variant.FileBytes)!;
    }

    // Half of what is left is for checkpoints of conversations: they save more time than replies at the same time.
    private static int Slots(MachineProfile machine, ModelVariant variant, int context) => (int)Math.Clamp(
        (Budget(machine) - variant.FileBytes) / 2 / (variant.SessionBytes + (context * variant.BytesPerToken)), 1, SlotsOfCores(machine));

    private static int SlotsOfCores(MachineProfile machine) =>
        machine.GpuWorkingSet is null ? Math.Clamp(machine.Cores / CoresOfSlot, SlotsOfAnyMachine, MostSlots) : MostSlots;

    private static int? LargestContext(MachineProfile machine, ModelVariant variant)
    {
        long room = Budget(machine);
        for (int context = variant.MaximumContext; context >= SmallestContext; context /= 2)
        {
            if (Bytes(variant, context) <= room)
                return context;
        }
        return null;
    }

    private static long Budget(MachineProfile machine) =>
        Math.Min(machine.Usable - Reserve(machine), machine.GpuWorkingSet - GpuReserve ?? long.MaxValue);

    // For the system, the programs that ask, checkpoints and the page cache of everything else.
    private static long Reserve(MachineProfile machine) => Math.Max(6 * GiB, machine.Usable / 16);

    private static long Bytes(ModelVariant variant, int context) =>
        variant.FileBytes + (Sessions * (variant.SessionBytes + (context * variant.BytesPerToken)));

    private static SetupException TooSmall(MachineProfile machine, ModelVariant variant)
    {
        long weightsAndContext = Bytes(variant, SmallestContext);
        long needed = weightsAndContext + Reserve(machine);
        return machine.GpuWorkingSet is { } gpu && needed <= machine.Usable
            ? GpuTooSmall(machine, variant, gpu, weightsAndContext + GpuReserve)
            : MemoryTooSmall(machine, variant, needed);
    }

    private static SetupException MemoryTooSmall(MachineProfile machine, ModelVariant variant, long needed) => Failure(
        $"DeepSeek V4 Flash ({variant.Name}) needs {Size(needed)} of memory; this machine has {Size(machine.Usable)}"
            + (machine.ContainerLimit < machine.Memory ? $" (the limit of its container; {Size(machine.Memory)} in all)." : "."),
        "Use ds4/demo to try the product here, or a machine with 128 GB for the real model.",
        needed,
        machine.Usable);

    private static SetupException GpuTooSmall(MachineProfile machine, ModelVariant variant, long gpu, long needed)
    {
        long limit = Math.Max((long)(machine.Memory * LargestGpuShare), needed);
        return Failure(
            $"DeepSeek V4 Flash ({variant.Name}) needs {Size(needed)} of GPU memory; this Mac lets its GPU hold {Size(gpu)} of {Size(machine.Memory)}.",
            machine.Memory - limit >= 6 * GiB
                ? string.Create(CultureInfo.InvariantCulture, $"Run `sudo sysctl iogpu.wired_limit_mb={limit / MiB}` (it lasts until the next restart) and try again, or use ds4/demo.")
                : "Use ds4/demo to try the product here, or a machine with more memory for the real model.",
            needed,
            gpu);
    }

    private static SetupException Failure(string message, string hint, long needed, long found) =>
        new(new Failed(FailureReason.NotEnoughMemory, message, hint) { NeededBytes = needed, FoundBytes = found });

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / GiB:0.0} GiB");
}
