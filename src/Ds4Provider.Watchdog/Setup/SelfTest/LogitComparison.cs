using System.Globalization;
using System.Runtime.InteropServices;

namespace Ds4Provider.Watchdog.Setup.SelfTest;

/// <summary>Compares rows of logits: the relative error of a row is the norm of the difference over the norm of what is expected.</summary>
internal sealed record LogitComparison(int Rows, double WorstError, int WorstRow)
{
    /// <summary>Correct engines stay below 2e-5 in exact mode; a wrong formula shows as 1e-2 and more.</summary>
    public const double Tolerance = 1e-3;

    /// <summary>Whether every row is within the tolerance. NaN is not.</summary>
    public bool Passes => WorstError < Tolerance;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"worst relative error {WorstError:0.0e+0} in row {WorstRow} of {Rows}, allowed {Tolerance:0e+0}");

    /// <summary>Compares two files of little-endian float32 rows.</summary>
    /// <exception cref="InvalidDataException">The data cannot be rows of the same shape.</exception>
    public static LogitComparison Compare(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, int rows)
    {
        if (expected.Length != actual.Length || rows == 0 || expected.Length == 0 || expected.Length % (rows * sizeof(float)) != 0)
            throw new InvalidDataException($"expected {expected.Length} bytes of logits in {rows} rows, found {actual.Length}");
        ReadOnlySpan<float> a = MemoryMarshal.Cast<byte, float>(expected);
        ReadOnlySpan<float> b = MemoryMarshal.Cast<byte, float>(actual);
        int width = a.Length / rows;
        var worst = new LogitComparison(rows, 0, 0);
        for (int row = 0; row < rows; row++)
        {
            double error = RelativeError(a.Slice(row * width, width), b.Slice(row * width, width));
            // Written so that a NaN wins and stays.
            if (!(error <= worst.WorstError) && !double.IsNaN(worst.WorstError))
                worst = new LogitComparison(rows, error, row);
        }
        return worst;
    }

    private static double RelativeError(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double d = (double)actual[i] - expected[i];
            difference += d * d;
            norm += (double)expected[i] * expected[i];
        }
        return Math.Sqrt(difference / norm);
    }
}
