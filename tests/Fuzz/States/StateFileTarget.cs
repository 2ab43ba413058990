using System.Runtime.InteropServices;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;

namespace Fuzz.States;

/// <summary>
/// What a server finds of earlier ones on the disk, damaged: headers of states and the log of turns. Whatever is taken is
/// what was written; everything else is refused by name.
/// </summary>
internal sealed class StateFileTarget : FuzzTarget
{
    private const string Fingerprint = "0123456789abcdef";

    public override string Name => "states";

    public override ValueTask<string> TryAsync(Random random, FuzzInput input) =>
        ValueTask.FromResult(random.Once(2) ? TryHeader(random, input) : TryLog(random, input));

    private static string TryHeader(Random random, FuzzInput input)
    {
        StateHeader written = Header(random);
        byte[] bytes = written.Write(Fingerprint);
        byte[] read = random.Once(10) ? bytes : random.Damage(bytes, 1 + random.Few(4));
        string fingerprint = random.Once(10) ? "another model" : Fingerprint;
        input.Is(() => $"header {Convert.ToHexString(read)} of {fingerprint}");
        try
        {
            StateHeader.Read(read, fingerprint).ShouldBe(written);
            fingerprint.ShouldBe(Fingerprint);
            return "taken";
        }
        catch (InvalidDataException refusal)
        {
            refusal.Message.ShouldNotBeNullOrWhiteSpace();
            return "refused";
        }
    }

    private static string TryLog(Random random, FuzzInput input)
    {
        List<RememberedTurn> written = [.. Enumerable.Range(0, random.Next(6)).Select(_ => Turn(random))];
        byte[] log = [.. written.SelectMany(SampledTurnRecord.Write)];
        bool damaged = random.Next(10) > 0;
        byte[] bytes = damaged ? random.Damage(log, 1 + random.Few(4)) : log;
        input.Is(() => $"log {Convert.ToHexString(bytes)}");
        ReadOnlySpan<byte> rest = bytes;
        int taken = 0;
        while (SampledTurnRecord.Read(ref rest) is { } turn)
        {
            written.ShouldContain(one => one.Thinking == turn.Thinking && one.Keys.SequenceEqual(turn.Keys) && one.Tokens.SequenceEqual(turn.Tokens));
            taken++;
        }
        if (!damaged)
            taken.ShouldBe(written.Count);
        return taken == written.Count ? "taken" : "cut short";
    }

    private static StateHeader Header(Random random)
    {
        int[] tokens = [.. Enumerable.Range(0, 2 + random.Next(100)).Select(_ => random.Next(1000))];
        int parent = random.Once(2) ? 0 : 1 + random.Next(tokens.Length - 1);
        PrefixKey[] keys = PrefixKey.OfPrefixes(tokens, parent > 0 ? [parent, tokens.Length] : [tokens.Length]);
        return new StateHeader(keys[^1], tokens.Length, parent > 0 ? keys[0] : null, parent, random.Once(2), random.Next(3), random.NextInt64(1L << 40));
    }

    private static RememberedTurn Turn(Random random)
    {
        UInt128[] keys = new UInt128[random.Next(4)];
        random.NextBytes(MemoryMarshal.AsBytes(keys.AsSpan()));
        int[] tokens = [.. Enumerable.Range(0, random.Few(300)).Select(_ => random.Next(130_000))];
        return new RememberedTurn([.. keys.Select(key => new TurnKey(key))], tokens, random.Once(2));
    }
}
