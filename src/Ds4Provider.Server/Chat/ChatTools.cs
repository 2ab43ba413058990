using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Chat;

/// <summary>Reads the tools that a chat request offers.</summary>
internal static class ChatTools
{
    public static FunctionTools Parse(JsonField tools)
    {
        var functions = new FunctionTools();
        if (tools.IsAbsent)
            return functions;
        foreach (JsonField tool in tools.Items())
        {
            tool.Object();
            if ((tool["type"].OptionalString() ?? "function") != "function")
                throw tool["type"].Refuse("only tools of the type 'function' are served.", "unsupported_parameter");
            functions.Add(tool["function"]);
        }
        return functions;
    }
}
