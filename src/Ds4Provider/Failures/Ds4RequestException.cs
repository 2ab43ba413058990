namespace Ds4Provider;

/// <summary>The server refused a request or gave up on it. Sending it again unchanged does not help, unless the server was busy.</summary>
public sealed class Ds4RequestException : Ds4Exception
{
    internal Ds4RequestException(string message, int? statusCode, string? errorType, string? code, string? parameter, Exception? innerException = null)
        : base(message, innerException)
    {
        StatusCode = statusCode;
        ErrorType = errorType;
        Code = code;
        Parameter = parameter;
    }

    /// <summary>HTTP status; null when the server gave up after the reply had begun.</summary>
    public int? StatusCode { get; }

    /// <summary>The server's class of error, e.g. <c>invalid_request_error</c>.</summary>
    public string? ErrorType { get; }

    /// <summary>The server's machine-readable kind, e.g. <c>context_length_exceeded</c>.</summary>
    public string? Code { get; }

    /// <summary>Path of the field that was wrong, e.g. <c>messages[2].role</c>.</summary>
    public string? Parameter { get; }
}
