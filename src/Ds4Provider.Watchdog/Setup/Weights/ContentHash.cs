using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>SHA-256 of weights, written as 64 lower-case hexadecimal digits.</summary>
internal static class ContentHash
{
    // Long enough that a call costs little beside its bytes.
    private const int BlockBytes = 256 << 10;

    public static bool IsValid(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Hashes a file whose beginning may still be growing.</summary>
    /// <param name="file">The file, readable.</param>
    /// <param name="size">Bytes to hash.</param>
    /// <param name="readable">Told a position, waits until there is more and returns how many bytes are there from the beginning.</param>
    /// <param name="hashed">Told how many bytes have been hashed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EndOfStreamException">The file is shorter.</exception>
    public static async Task<string> ComputeAsync(
        SafeFileHandle file, long size, Func<long, ValueTask<long>> readable, Action<long> hashed, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (long position = 0; position < size;)
            {
                long there = await readable(position).ConfigureAwait(false);
                while (position < there)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(BlockBytes, there - position)), position);
                    if (read == 0)
                        throw new EndOfStreamException($"The file ends at {position} of {size} bytes.");
                    hash.AppendData(block, 0, read);
                    position += read;
                    hashed(position);
                }
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
