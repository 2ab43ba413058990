using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Specs.Setup;

public sealed class VariantChooserSpecs
{
    private const long GiB = 1L << 30;

    [Theory]
    [InlineData(96, "q2-imatrix", 262_144)]
    [InlineData(121, "q2-imatrix", 1_048_576)] // a "128 GB" Linux box, as it reports itself
    [InlineData(128, "q2-imatrix", 1_048_576)]
    [InlineData(192, "q2-imatrix", 1_048_576)]
    [InlineData(250, "q4-imatrix", 1_048_576)] // a "256 GB" Linux box, as it reports itself
    [InlineData(256, "q4-imatrix", 1_048_576)]
    [InlineData(512, "q4-imatrix", 1_048_576)]
    public void Memory_chooses_variant_and_context(int gibibytes, string variant, int context)
    {
        VariantChoice choice = Choose(new MachineProfile(gibibytes * GiB));

        choice.Variant.Name.ShouldBe(variant);
        choice.ContextWindow.ShouldBe(context);
    }

    [Theory]
    [InlineData(24)] // a CI box
    [InlineData(64)]
    [InlineData(80)]
    public void A_machine_that_is_too_small_hears_both_figures_and_what_to_do(int gibibytes)
    {
        Failed failed = Refuse(new MachineProfile(gibibytes * GiB));

        failed.Reason.ShouldBe(FailureReason.NotEnoughMemory);
        failed.Message.ShouldBe($"DeepSeek V4 Flash (q2-imatrix) needs 87.6 GiB of memory; this machine has {gibibytes}.0 GiB.");
        failed.Hint.ShouldBe("Use ds4/demo to try the product here, or a machine with 128 GB for the real model.");
        failed.FoundBytes.ShouldBe(gibibytes * GiB);
        failed.NeededBytes!.Value.ShouldBeInRange(87 * GiB, 88 * GiB);
    }

    [Theory]
    [InlineData(128, 96, "q2-imatrix", 524_288)]
    [InlineData(192, 144, "q2-imatrix", 1_048_576)]
    [InlineData(256, 192, "q4-imatrix", 1_048_576)]
    [InlineData(96, 86, "q2-imatrix", 131_072)] // after the limit was raised
    public void The_working_set_of_a_Macs_gpu_limits_variant_and_context(int memory, int gpu, string variant, int context)
    {
        VariantChoice choice = Choose(new MachineProfile(memory * GiB) { GpuWorkingSet = gpu * GiB });

        choice.Variant.Name.ShouldBe(variant);
        choice.ContextWindow.ShouldBe(context);
    }

    [Fact]
    public void A_Mac_of_96_GB_is_told_the_command_that_raises_its_limit()
    {
        Failed failed = Refuse(new MachineProfile(96 * GiB) { GpuWorkingSet = 72 * GiB });

        failed.Reason.ShouldBe(FailureReason.NotEnoughMemory);
        failed.Message.ShouldContain("lets its GPU hold 72.0 GiB of 96.0 GiB");
        failed.Hint.ShouldContain("`sudo sysctl iogpu.wired_limit_mb=88473`");
        Choose(new MachineProfile(96 * GiB) { GpuWorkingSet = 88473L << 20 }).Variant.Name.ShouldBe("q2-imatrix", "the command must be enough");
    }

    [Fact]
    public void A_container_limits_what_its_machine_has()
    {
        Failed failed = Refuse(new MachineProfile(512 * GiB) { ContainerLimit = 32 * GiB });

        failed.Message.ShouldContain("this machine has 32.0 GiB (the limit of its container; 512.0 GiB in all).");
    }

    [Fact]
    public void A_named_variant_is_taken_if_it_fits_and_refused_by_its_own_figures_if_not()
    {
        Choose(new MachineProfile(192 * GiB), "q4-imatrix").Variant.Name.ShouldBe("q4-imatrix");
        Choose(new MachineProfile(512 * GiB), "q2").Variant.Name.ShouldBe("q2");
        Refuse(new MachineProfile(128 * GiB), "q4-imatrix").Message.ShouldContain("(q4-imatrix) needs 162.2 GiB");
    }

    [Fact]
    public void An_unknown_variant_is_refused_with_the_known_ones()
    {
        Failed failed = Refuse(new MachineProfile(512 * GiB), "q5");

        failed.Reason.ShouldBe(FailureReason.UnknownModel);
        failed.Message.ShouldContain("DS4_MODEL_QUANT is \"q5\"");
        failed.Hint.ShouldContain("q2-imatrix, q4-imatrix");
    }

    [Fact]
    public void More_memory_never_gives_less()
    {
        VariantChoice? before = null;
        for (long gibibytes = 88; gibibytes <= 1024; gibibytes += 4)
        {
            VariantChoice choice = Choose(new MachineProfile(gibibytes * GiB));
            if (before is not null && before.Variant == choice.Variant)
                choice.ContextWindow.ShouldBeGreaterThanOrEqualTo(before.ContextWindow);
            else if (before is not null)
                choice.Variant.FileBytes.ShouldBeGreaterThan(before.Variant.FileBytes);
            before = choice;
        }
    }

    [Fact]
    public void The_manifest_states_the_shapes_known_sizes()
    {
        ModelVariant variant = FlashManifest.Variants[0];

        variant.BytesPerToken.ShouldBe(13_760);
        variant.SessionBytes.ShouldBe(11_272_192 + 1_720_320 + 10_485_760);
    }

    [Theory]
    [InlineData(86_720_111_488, 80_000_000_000, false)]
    [InlineData(86_720_111_488, 90_000_000_000, true)]
    [InlineData(0, 0, true)]
    public void Free_disk_must_hold_what_is_missing(long missing, long free, bool enough)
    {
        void Check() => DiskCheck.Require(missing, free, FlashManifest.Variants[0]);

        if (enough)
            Should.NotThrow(Check);
        else
            Should.Throw<SetupException>(Check).Failed.Message.ShouldContain("88.9 GB of free disk space; the state directory's disk has 80.0 GB");
    }

    [Theory]
    [InlineData(512, 100, "q2-imatrix")] // q4 does not fit the disk, q2 does
    [InlineData(512, 170, "q4-imatrix")]
    [InlineData(96, 100, "q2-imatrix")]
    public void The_best_variant_that_the_disk_can_take_is_chosen(int memory, int disk, string variant) =>
        Choose(new MachineProfile(memory * GiB) { FreeDisk = disk * 1_000_000_000L }).Variant.Name.ShouldBe(variant);

    [Fact]
    public void Weights_that_are_there_already_need_no_disk()
    {
        var machine = new MachineProfile(512 * GiB) { FreeDisk = 0 };

        VariantChooser.Choose(machine, FlashManifest.Variants, null, variant => variant.Name == "q2-imatrix" ? 0 : variant.FileBytes)
            .Variant.Name.ShouldBe("q2-imatrix");
    }

    [Fact]
    public void A_disk_that_takes_none_is_refused_by_the_figures_of_the_smallest()
    {
        Failed failed = Refuse(new MachineProfile(512 * GiB) { FreeDisk = 20_000_000_000 });

        failed.Reason.ShouldBe(FailureReason.NotEnoughDisk);
        failed.Message.ShouldBe("The q2-imatrix weights need 88.9 GB of free disk space; the state directory's disk has 20.0 GB.");
    }

    [Theory]
    [InlineData(96, 1)]
    [InlineData(128, 1)]
    [InlineData(192, 3)]
    [InlineData(512, 4)]
    public void Memory_beyond_the_context_gives_slots(int gibibytes, int slots) =>
        Choose(new MachineProfile(gibibytes * GiB)).Slots.ShouldBe(slots);

    [Theory]
    [InlineData(2, 2)]
    [InlineData(8, 2)]
    [InlineData(12, 3)]
    [InlineData(64, 4)]
    public void Replies_side_by_side_need_cores_where_no_gpu_calculates(int cores, int slots)
    {
        var machine = new MachineProfile(512 * GiB) { Cores = cores };

        Choose(machine).Slots.ShouldBe(slots);
        Choose(machine with { GpuWorkingSet = 400 * GiB }).Slots.ShouldBe(4);
        Choose(new MachineProfile(128 * GiB) { Cores = cores }).Slots.ShouldBe(1, "memory has the last word");
    }

    [Fact]
    public void A_Mac_of_64_GB_is_told_that_no_setting_helps()
    {
        Failed failed = Refuse(new MachineProfile(64 * GiB) { GpuWorkingSet = 48 * GiB });

        failed.Reason.ShouldBe(FailureReason.NotEnoughMemory);
        failed.Message.ShouldContain("this machine has 64.0 GiB");
        failed.Hint.ShouldNotContain("sysctl");
    }

    private static VariantChoice Choose(MachineProfile machine, string? wanted = null) =>
        VariantChooser.Choose(machine, FlashManifest.Variants, wanted, variant => variant.FileBytes);

    private static Failed Refuse(MachineProfile machine, string? wanted = null) =>
        Should.Throw<SetupException>(() => Choose(machine, wanted)).Failed;
}
