namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>The origin did not deliver this time; the same request may succeed later.</summary>
internal sealed class OriginTroubleException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long the origin asks to be left alone.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>The address where the bytes are does not serve them any more: a signed link has expired, or the file was replaced.</summary>
internal sealed class LocationStaleException(string message) : Exception(message);

/// <summary>The origin sends whole files only.</summary>
internal sealed class RangesUnsupportedException() : Exception("The origin does not serve parts of files.");

/// <summary>The file has another content than when its download began.</summary>
internal sealed class ContentChangedException(string message) : Exception(message);
