using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ds4Provider.Engine.Sampling;

/// <summary>
/// The logits of the tokens that may be chosen. A vocabulary is read in blocks of 64, one word of the set each: what a
/// mask leaves out costs nothing, and nothing is copied.
/// </summary>
/// <param name="logits">One per token.</param>
/// <param name="allowed">The tokens that may be chosen; empty = all.</param>
internal readonly ref struct AllowedLogits(ReadOnlySpan<float> logits, ReadOnlySpan<ulong> allowed)
{
    private const int Block = 64;

    private static readonly Vector256<int> LaneBits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
    private static readonly Vector256<float> Impossible = Vector256.Create(float.NegativeInfinity);

    private readonly ReadOnlySpan<float> _logits = logits;
    private readonly ReadOnlySpan<ulong> _allowed = allowed;

    /// <summary>The logit of a token.</summary>
    public float this[int token] => _logits[token];

    /// <summary>The highest logit's token, the lowest id on ties; -1 when every logit is minus infinity.</summary>
    /// <param name="notANumber">The first token whose logit is not a number, or -1.</param>
    public int FindBest(out int notANumber)
    {
        var best = -1;
        var highest = float.NegativeInfinity;
        for (var block = 0; block < Blocks; block++)
        {
            var word = Word(block);
            if (word == 0 || !MayExceed(block, word, highest))
            {
                continue;
            }

            for (var rest = word; rest != 0; rest &= rest - 1)
            {
                var token = (block * Block) + BitOperations.TrailingZeroCount(rest);
                var logit = _logits[token];
                if (float.IsNaN(logit))
                {
                    notANumber = token;
                    return best;
                }

                if (logit > highest)
                {
                    (best, highest) = (token, logit);
                }
            }
        }

        notANumber = -1;
        return best;
    }

    /// <summary>Writes the tokens whose logit is at least so high, in their order; returns their number.</summary>
    public int Collect(float least, Span<int> tokens)
    {
        var count = 0;
        for (var block = 0; block < Blocks; block++)
        {
            var word = Word(block);
            if (word == 0 || !MayReach(block, word, least))
            {
                continue;
            }

            for (var rest = word; rest != 0; rest &= rest - 1)
            {
                var token = (block * Block) + BitOperations.TrailingZeroCount(rest);
                var logit = _logits[token];
                if (logit >= least && !float.IsNegativeInfinity(logit))
                {
                    tokens[count++] = token;
                }
            }
        }

        return count;
    }

    /// <summary>Offers every token whose logit is above the threshold that the receiver keeps.</summary>
    public void OfferAbove(ITopTokens top)
    {
        for (var block = 0; block < Blocks; block++)
        {
            var word = Word(block);
            if (word == 0 || !MayExceed(block, word, top.Threshold))
            {
                continue;
            }

            for (var rest = word; rest != 0; rest &= rest - 1)
            {
                var token = (block * Block) + BitOperations.TrailingZeroCount(rest);
                if (_logits[token] > top.Threshold)
                {
                    top.Offer(token, _logits[token]);
                }
            }
        }
    }

    /// <summary>The sum of all probabilities relative to a logit.</summary>
    public double SumOfWeights(float highest, double temperature)
    {
        var sum = 0.0;
        var scale = (float)(1 / temperature);
        var shift = Vector256.Create(highest);
        for (var block = 0; block < Blocks; block++)
        {
            var word = Word(block);
            if (word == 0)
            {
                continue;
            }

            if (!IsWhole(block))
            {
                for (var rest = word; rest != 0; rest &= rest - 1)
                {
                    sum += Math.Exp(((double)_logits[(block * Block) + BitOperations.TrailingZeroCount(rest)] - highest) / temperature);
                }

                continue;
            }

            var weights = Vector256<float>.Zero;
            for (var lane = 0; lane < Block; lane += Vector256<float>.Count)
            {
                weights += Vector256.Exp((Lanes(block, word, lane) - shift) * scale);
            }

            sum += Vector256.Sum(weights);
        }

        return sum;
    }

    private int Blocks => (_logits.Length + Block - 1) / Block;

    private bool IsWhole(int block) => (block + 1) * Block <= _logits.Length;

    private ulong Word(int block) =>
        !_allowed.IsEmpty ? _allowed[block]
        : IsWhole(block) ? ulong.MaxValue
        : (1UL << (_logits.Length - (block * Block))) - 1;

    /// <summary>Eight logits of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Load(int token) => Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(_logits), (nuint)token);

    /// <summary>Eight logits of a block, those left out as minus infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Lanes(int block, ulong word, int lane)
    {
        var chosen = Vector256.Equals(Vector256.Create((int)(word >> lane)) & LaneBits, LaneBits);
        return Vector256.ConditionalSelect(chosen.AsSingle(), Load((block * Block) + lane), Impossible);
    }

    /// <summary>Whether an allowed logit of the block is above a value, or is not a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayExceed(int block, ulong word, float value)
    {
        if (!IsWhole(block))
        {
            return true;
        }

        // "Not at most" is true of what is not a number, too.
        var threshold = Vector256.Create(value);
        var atMost = Vector256<float>.AllBitsSet;
        if (word == ulong.MaxValue)
        {
            var first = block * Block;
            for (var lane = 0; lane < Block; lane += 2 * Vector256<float>.Count)
            {
                atMost &= Vector256.LessThanOrEqual(Load(first + lane), threshold)
                    & Vector256.LessThanOrEqual(Load(first + lane + Vector256<float>.Count), threshold);
            }
        }
        else
        {
            for (var lane = 0; lane < Block; lane += Vector256<float>.Count)
            {
                atMost &= Vector256.LessThanOrEqual(Lanes(block, word, lane), threshold);
            }
        }

        return atMost.AsInt32() != Vector256<int>.AllBitsSet;
    }

    /// <summary>Whether an allowed logit of the block may be at least a value; there are no others than numbers here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayReach(int block, ulong word, float value)
    {
        if (!IsWhole(block))
        {
            return true;
        }

        var threshold = Vector256.Create(value);
        var reached = Vector256<float>.Zero;
        if (word == ulong.MaxValue)
        {
            var first = block * Block;
            for (var lane = 0; lane < Block; lane += 2 * Vector256<float>.Count)
            {
                reached |= Vector256.GreaterThanOrEqual(Load(first + lane), threshold)
                    | Vector256.GreaterThanOrEqual(Load(first + lane + Vector256<float>.Count), threshold);
            }
        }
        else
        {
            for (var lane = 0; lane < Block; lane += Vector256<float>.Count)
            {
                reached |= Vector256.GreaterThanOrEqual(Lanes(block, word, lane), threshold);
            }
        }

        return reached.AsInt32() != Vector256<int>.Zero;
    }
}

/// <summary>Keeps the most likely tokens.</summary>
internal interface ITopTokens
{
    /// <summary>Only what is above it can still be among them.</summary>
    float Threshold { get; }

    /// <summary>Offers a token.</summary>
    void Offer(int token, float logit);
}
