using System.Runtime.InteropServices;
using Ds4Provider.Watchdog.Setup.SelfTest;

namespace Ds4Provider.Watchdog.Specs.Setup;

public sealed class LogitComparisonSpecs
{
    private static readonly float[] Expected = [3, 4, 0, 0, 0, 10];

    [Fact]
    public void Equal_logits_pass()
    {
        LogitComparison comparison = Compare(Expected, rows: 2);

        comparison.Passes.ShouldBeTrue();
        comparison.WorstError.ShouldBe(0);
    }

    [Fact]
    public void A_row_of_zeros_is_no_reference()
    {
        Compare(Expected, rows: 3).Passes.ShouldBeFalse();
    }

    [Fact]
    public void The_worst_row_is_named_with_its_error()
    {
        LogitComparison comparison = Compare([3, 4, 0, 0, 0, 10.1f], rows: 2);

        comparison.Passes.ShouldBeFalse();
        comparison.WorstRow.ShouldBe(1);
        comparison.WorstError.ShouldBe(0.01, 1e-6);
        comparison.ToString().ShouldBe("worst relative error 1.0e-2 in row 1 of 2, allowed 1e-3");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_no_number_fails(float logit)
    {
        Compare([logit, 4, 0, 0, 0, 10], rows: 2).Passes.ShouldBeFalse();
        Compare([3, 4, 0, 0, 0, logit], rows: 2).Passes.ShouldBeFalse();
    }

    [Fact]
    public void Data_of_another_shape_is_no_comparison()
    {
        Should.Throw<InvalidDataException>(() => Compare([1, 2, 3], rows: 2));
        Should.Throw<InvalidDataException>(() => Compare(Expected, rows: 0));
        Should.Throw<InvalidDataException>(() => Compare(Expected, rows: 4));
    }

    private static LogitComparison Compare(float[] actual, int rows) =>
        LogitComparison.Compare(MemoryMarshal.AsBytes(Expected.AsSpan()), MemoryMarshal.AsBytes(actual.AsSpan()), rows);
}
