namespace Ds4Provider;

/// <summary>Base of everything that this library throws on its own account. The message says what was wrong, where, and what to do.</summary>
public abstract class Ds4Exception : Exception
{
    private protected Ds4Exception(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
