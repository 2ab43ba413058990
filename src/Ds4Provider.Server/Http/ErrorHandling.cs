using System.Globalization;
using Ds4Provider.Wire.Chat;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Http;

/// <summary>Turns every refusal and failure into a body that says what was wrong.</summary>
internal sealed partial class ErrorHandling(ILogger<ErrorHandling> logger)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        PathString path = context.Request.Path;
        try
        {
            await next(context).ConfigureAwait(false);
            await DescribeUnroutedAsync(context).ConfigureAwait(false);
        }
        catch (Exception gone) when (
            context.RequestAborted.IsCancellationRequested && (gone is OperationCanceledException or IOException))
        {
            LogClientLeft(path);
        }
        catch (ApiException refusal)
        {
            LogRefused(path, refusal.Status, refusal.Error.Code, refusal.Error.Param);
            await WriteAsync(context, refusal).ConfigureAwait(false);
        }
        catch (BadHttpRequestException malformed)
        {
            LogRefused(path, malformed.StatusCode, "bad_request", null);
            await WriteAsync(context, new ApiException(
                malformed.StatusCode, new ChatError(malformed.Message, "invalid_request_error"))).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            LogFailed(failure, path);
            await WriteAsync(context, ApiException.Failed(
                $"The server failed: {failure.Message}", "internal_error")).ConfigureAwait(false);
        }
    }

    /// <summary>Routing answers unknown paths and methods with a bare status.</summary>
    private static Task DescribeUnroutedAsync(HttpContext context)
    {
        if (context.Response.HasStarted || context.GetEndpoint()?.Metadata.GetMetadata<IApiEndpoint>() is not null)
            return Task.CompletedTask;
        HttpRequest request = context.Request;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => WriteAsync(context, new ApiException(404, new ChatError(
                $"There is no {request.Method} {request.Path} here; see GET /v1/models and POST /v1/chat/completions, /v1/responses, /v1/messages.",
                "invalid_request_error") { Code = "unknown_url" })),
            StatusCodes.Status405MethodNotAllowed => WriteAsync(context, new ApiException(405, new ChatError(
                $"{request.Path} does not answer {request.Method}, only {context.Response.Headers.Allow}.",
                "invalid_request_error") { Code = "method_not_allowed" })),
            _ => Task.CompletedTask,
        };
    }

    private static async Task WriteAsync(HttpContext context, ApiException error)
    {
        if (context.Response.HasStarted)
        {
            // Half a reply is out; a closed connection is the only way left to say that it is not whole.
            context.Abort();
            return;
        }
        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
            context.Response.Headers.RetryAfter = ((int)wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (error.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        await ErrorBody.WriteAsync(context, error).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The client of {Path} left")]
    private partial void LogClientLeft(PathString path);

    [LoggerMessage(Level = LogLevel.Information, Message = "Refused {Path} with {Status} {Code}, field {Field}")]
    private partial void LogRefused(PathString path, int status, string? code, string? field);

    [LoggerMessage(Level = LogLevel.Error, Message = "Failed to answer {Path}")]
    private partial void LogFailed(Exception exception, PathString path);
}

/// <summary>Marks the endpoints of this server, which describe their own errors.</summary>
internal interface IApiEndpoint;

/// <inheritdoc cref="IApiEndpoint"/>
internal sealed class ApiEndpoint : IApiEndpoint;
