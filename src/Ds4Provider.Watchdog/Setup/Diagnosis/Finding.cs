namespace Ds4Provider.Watchdog.Setup.Diagnosis;

/// <summary>How bad a finding is.</summary>
public enum FindingGrade
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>It works, but one should know.</summary>
    Note,

    /// <summary>It does not work.</summary>
    Bad,
}

/// <summary>What one look at the machine found.</summary>
/// <param name="Subject">What was looked at, in a word or two.</param>
/// <param name="Grade">How bad it is.</param>
/// <param name="Text">What was found.</param>
public sealed record Finding(string Subject, FindingGrade Grade, string Text)
{
    /// <summary>What to do about it; null when there is nothing to do.</summary>
    public string? NextStep { get; init; }
}
