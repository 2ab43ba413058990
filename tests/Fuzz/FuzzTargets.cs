using Fuzz.Connections;
using Fuzz.Replies;
using Fuzz.Requests;
using Fuzz.Schemas;
using Fuzz.States;

namespace Fuzz;

/// <summary>Everything that reads what others write.</summary>
public static class FuzzTargets
{
    private static readonly Dictionary<string, Func<FuzzTarget>> Known = new(StringComparer.Ordinal)
    {
        ["replies"] = () => new ReplyTarget(),
        ["requests"] = () => new RequestTarget(),
        ["schemas"] = () => new SchemaTarget(),
        ["constraints"] = () => new ConstraintTarget(),
        ["states"] = () => new StateFileTarget(),
        ["connections"] = () => new ConnectionTarget(),
    };

    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <exception cref="KeyNotFoundException">There is no such target.</exception>
    public static FuzzTarget Create(string name) => Known[name]();
}
