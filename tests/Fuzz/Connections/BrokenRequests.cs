using System.Globalization;
using System.Text;
using Fuzz.Requests;

namespace Fuzz.Connections;

/// <summary>What the client does after its bytes.</summary>
internal enum Leaving
{
    /// <summary>Reads to the end.</summary>
    AtTheEnd,

    /// <summary>Sends nothing more, but reads.</summary>
    HalfClosed,

    /// <summary>Closes.</summary>
    AtOnce,

    /// <summary>Reads a little and closes.</summary>
    AfterSomeOfTheReply,
}

/// <param name="Bytes">What is sent.</param>
/// <param name="Leaving">What the client does then.</param>
internal sealed record BrokenRequest(byte[] Bytes, Leaving Leaving);

/// <summary>Bytes for the server's socket that begin as requests do, mostly.</summary>
internal static class BrokenRequests
{
    private static readonly string[] Lines =
    [
        "", " ", "\0", "GET", "GET /", "GET / HTTP/9.9", "get /health http/1.1", "POST  /v1/messages  HTTP/1.1", "GET /health HTTP/2.0", "PRI * HTTP/2.0", "\u0016\u0003\u0001\u0002", "GET //../../etc/passwd HTTP/1.1",
        "GET /%00%zz%c0%ae HTTP/1.1", "GET http://evil.example/ HTTP/1.1", "CONNECT a:1 HTTP/1.1", "OPTIONS * HTTP/1.1", "TRACE / HTTP/1.1", "DELETE /v1/models HTTP/1.1", "GET /v1/models/%F0%9F%98%80 HTTP/1.0",
    ];

    private static readonly string[] Headers =
    [
        "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length: 0", "Content-Length: 5\r\nContent-Length: 6", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: x",
        "Host: evil.example", "Host:", "Origin: https://evil.example", "Expect: 100-continue", "Content-Encoding: gzip", "Content-Type: text/plain", "Content-Type: application/json; charset=utf-16", "Connection: upgrade\r\nUpgrade: websocket",
        ": empty", "no colon", " folded: x", "X-\u00ff: \u00fe", "Range: bytes=0-", "Authorization: Bearer", "X-Ds4-Progress: 1", "Connection: keep-alive", "Host: localhost",
    ];

    public static BrokenRequest Next(Random random)
    {
        switch (random.Next(10))
        {
            case 0:
                byte[] noise = new byte[random.Next(2000)];
                random.NextBytes(noise);
                return new BrokenRequest(noise, random.Once(2) ? Leaving.AtOnce : Leaving.HalfClosed);
            case 1:
                return Ended(random, $"{random.Of(Lines)}\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => random.Of(Headers) + "\r\n"))}\r\n");
            case 2:
                return Ended(random, $"GET /{new string('a', random.Next(20_000))} HTTP/1.1\r\nHost: localhost\r\n{string.Concat(Enumerable.Range(0, random.Next(150)).Select(i => $"X-{i}: {new string('v', random.Next(900))}\r\n"))}\r\n");
            case 3:
                return Chunked(random);
            case 4:
                return new BrokenRequest(random.Damage(Whole(random, Body(random)), 1 + random.Few(5)), random.Once(2) ? Leaving.HalfClosed : Leaving.AtOnce);
            case 5: // fewer bytes than were promised
                byte[] body = Body(random);
                return new BrokenRequest(Whole(random, body)[..^random.Next(1, body.Length)], random.Once(2) ? Leaving.HalfClosed : Leaving.AtOnce);
            case 6: // several in one
                return new BrokenRequest(
                    [.. "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"u8, .. "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"u8, .. Whole(random, Body(random))], Leaving.AtTheEnd);
            case 7:
                return new BrokenRequest(Whole(random, Body(random)), Leaving.AfterSomeOfTheReply);
            case 8:
                return new BrokenRequest(Whole(random, Body(random)), random.Once(2) ? Leaving.AtOnce : Leaving.HalfClosed);
            default:
                return new BrokenRequest(Whole(random, random.Damage(Body(random), random.Few(4))), Leaving.AtTheEnd);
        }
    }

    private static BrokenRequest Ended(Random random, string text) => new(Encoding.Latin1.GetBytes(text), random.Once(3) ? Leaving.AtOnce : Leaving.HalfClosed);

    private static BrokenRequest Chunked(Random random)
    {
        using var sent = new MemoryStream();
        sent.Write(Encoding.Latin1.GetBytes($"POST {random.Of(RequestShapes.ByPath.Keys.ToList())} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"));
        foreach (byte[] chunk in Body(random).Chunk(random.Next(1, 400)))
        {
            sent.Write(Encoding.Latin1.GetBytes(Size(random, chunk.Length)));
            sent.Write(chunk);
            if (!random.Once(20))
                sent.Write("\r\n"u8);
        }
        if (!random.Once(5))
            sent.Write("0\r\n\r\n"u8);
        return new BrokenRequest(sent.ToArray(), random.Once(3) ? Leaving.AtOnce : Leaving.HalfClosed);
    }

    private static string Size(Random random, int length) => random.Next(25) switch
    {
        0 => "-1\r\n",
        1 => "FFFFFFFFFFFFFFFFFF\r\n",
        2 => "x\r\n",
        3 => length.ToString("x", CultureInfo.InvariantCulture) + "\n",
        4 => (length + 1).ToString("x", CultureInfo.InvariantCulture) + "\r\n",
        5 => length.ToString("x", CultureInfo.InvariantCulture) + ";a=\"b\"\r\n",
        _ => length.ToString("x", CultureInfo.InvariantCulture) + "\r\n",
    };

    private static byte[] Body(Random random)
    {
        var shape = Rewriting.Rewrite(random, random.Of(random.Of(RequestShapes.ByPath.Values.ToList())));
        // Scripted replies go on for ever, so that clients can leave them; a limit ends them for the others.
        foreach (string limit in (string[])["max_tokens", "max_completion_tokens", "max_output_tokens"])
        {
            if (shape.ContainsKey(limit))
                shape[limit] = 300;
        }
        return Encoding.UTF8.GetBytes(shape.ToJsonString());
    }

    private static byte[] Whole(Random random, byte[] body) =>
    [
        .. Encoding.Latin1.GetBytes(
            $"POST {random.Of(RequestShapes.ByPath.Keys.ToList())} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{(random.Once(4) ? random.Of(Headers) + "\r\n" : "")}\r\n"),
        .. body,
    ];
}
