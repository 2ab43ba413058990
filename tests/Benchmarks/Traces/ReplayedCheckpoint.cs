using System.Runtime.InteropServices;
using System.Text;
using Ds4Provider.Engine;

namespace Benchmarks.Traces;

/// <summary>A state of a <see cref="ReplayedModel"/>; its stream is the tokens that its base does not have.</summary>
internal sealed class ReplayedCheckpoint(ReplayedModel model, TokenPosition at) : ISessionCheckpoint
{
    public TokenPosition At => at;

    public int Position => at.Length;

    public StateBytes Bytes => model.BytesOf(this);

    public long GetStreamBytes(ISessionCheckpoint? baseCheckpoint) =>
        baseCheckpoint is null || IsBase(baseCheckpoint) ? (2 + Position - (baseCheckpoint?.Position ?? 0)) * sizeof(int) : 0;

    public void Save(Stream stream, ISessionCheckpoint? baseCheckpoint)
    {
        if (baseCheckpoint is not null && !IsBase(baseCheckpoint))
            throw new EngineException(EngineStatus.InvalidArgument, "The base does not fit.");
        int shared = baseCheckpoint?.Position ?? 0;
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(shared);
        writer.Write(Position);
        writer.Write(MemoryMarshal.AsBytes(at.Tokens().AsSpan(shared)));
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static ReplayedCheckpoint Load(ReplayedModel model, Stream stream, ReplayedCheckpoint? baseCheckpoint)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        int shared = reader.ReadInt32();
        int position = reader.ReadInt32();
        if (shared != (baseCheckpoint?.Position ?? 0))
            throw new EngineException(EngineStatus.InvalidArgument, "The base is another one.");
        var tail = new int[position - shared];
        stream.ReadExactly(MemoryMarshal.AsBytes(tail.AsSpan()));
        return new ReplayedCheckpoint(model, (baseCheckpoint?.At ?? TokenPosition.Nothing()).Then(tail));
    }

    public void Dispose() => model.Release(this);

    private bool IsBase(ISessionCheckpoint other) => at.Tokens().AsSpan().StartsWith(((ReplayedCheckpoint)other).At.Tokens());
}
