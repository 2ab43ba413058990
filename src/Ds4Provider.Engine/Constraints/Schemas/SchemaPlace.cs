using System.Text;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>
/// Where a part of a schema stands: a step below another place. The pointer is text only when someone is told, so that
/// long names around many parts cost nothing. Equal when all steps are. Immutable.
/// </summary>
internal sealed class SchemaPlace : IEquatable<SchemaPlace>
{
    private const int LongestStep = 200;

    private readonly SchemaPlace? _parent;
    private readonly string _step;
    private readonly SchemaPlace? _joined;
    private readonly int _hash;

    private SchemaPlace(SchemaPlace? parent, string step, SchemaPlace? joined)
    {
        _parent = parent;
        _step = step;
        _joined = joined;
        _hash = HashCode.Combine(parent?._hash, step, joined?._hash);
    }

    /// <summary>The schema itself.</summary>
    public static SchemaPlace Root { get; } = new(null, "", null);

    /// <summary>JSON pointer from the schema itself.</summary>
    public string Pointer
    {
        get
        {
            var pointer = new StringBuilder();
            Write(pointer);
            return pointer.ToString();
        }
    }

    /// <summary>A member or an item of this place.</summary>
    public SchemaPlace Below(string step) => new(this, step, null);

    /// <summary>A third place, for what stands at two.</summary>
    public SchemaPlace With(SchemaPlace other) => new(this, "", other);

    public bool Equals(SchemaPlace? other)
    {
        var one = this;
        for (; !ReferenceEquals(one, other); (one, other) = (one._parent, other._parent))
        {
            if (one is null || other is null || one._hash != other._hash || one._step != other._step || !Equals(one._joined, other._joined))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as SchemaPlace);

    public override int GetHashCode() => _hash;

    private void Write(StringBuilder pointer)
    {
        if (_parent is null)
        {
            return;
        }

        _parent.Write(pointer);
        if (_joined is not null)
        {
            pointer.Append('+');
            _joined.Write(pointer);
            return;
        }

        var step = _step.Length <= LongestStep ? _step : _step[..LongestStep] + "…";
        pointer.Append('/').Append(step.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
    }
}
