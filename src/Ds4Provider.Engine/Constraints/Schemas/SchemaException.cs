namespace Ds4Provider.Engine.Constraints;

/// <summary>A schema that cannot be served: it is not valid, nothing can satisfy it, or it asks for what is not enforced.</summary>
public sealed class SchemaException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="tool">The tool, or null for the format of the response.</param>
    /// <param name="pointer">Where in the schema, as a JSON pointer; empty = the schema itself.</param>
    /// <param name="reason">What is wrong and what to do.</param>
    public SchemaException(string? tool, string pointer, string reason)
        : base($"{(tool is null ? "The response's schema" : $"The schema of the tool '{tool}'")}{(pointer.Length == 0 ? "" : $" at {pointer}")}: {reason}")
    {
        Tool = tool;
        Pointer = pointer;
        Reason = reason;
    }

    /// <summary>The tool, or null for the format of the response.</summary>
    public string? Tool { get; }

    /// <summary>Where in the schema, as a JSON pointer.</summary>
    public string Pointer { get; }

    /// <summary>What is wrong and what to do.</summary>
    public string Reason { get; }
}
