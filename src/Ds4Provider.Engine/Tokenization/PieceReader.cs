using System.Text;

namespace Ds4Provider.Engine.Tokenization;

/// <summary>
/// The pre-tokenizer: cuts a text into the pieces that BPE works in, by the model family's three passes, each working
/// inside the pieces of the one before:
/// <list type="number">
/// <item><c>\p{N}{1,3}</c></item>
/// <item><c>[一-龥぀-ゟ゠-ヿ]+</c></item>
/// <item>six alternatives, see <see cref="Match"/>; what none of them matches is a piece of its own</item>
/// </list>
/// </summary>
/// <remarks>
/// Scanned by hand over Unicode scalars: a .NET regex sees UTF-16 units, so categories of scalars beyond the basic plane
/// (emoji, rare Han) come out wrong and a surrogate pair can be torn. An unpaired surrogate counts as U+FFFD, which is
/// what it is encoded as.
/// </remarks>
internal ref struct PieceReader(ReadOnlySpan<char> text)
{
    private readonly ReadOnlySpan<char> _text = text;
    private int _start;    // of the next piece
    private int _sectionEnd; // of what passes one and two left, in which pass three works

    /// <summary>Reads the next piece; false at the end of the text.</summary>
    public bool TryRead(out ReadOnlySpan<char> piece)
    {
        if (_start >= _text.Length)
        {
            piece = default;
            return false;
        }

        var start = _start;
        if (start >= _sectionEnd)
        {
            if (IsNumber(start))
            {
                _start = _sectionEnd = EndOfNumber(start);
                piece = _text[start.._start];
                return true;
            }

            _sectionEnd = EndOfSection(start);
        }

        var end = Match(start);
        if (end == start)
        {
            end = EndOfGap(start);
        }

        _start = end;
        piece = _text[start..end];
        return true;
    }

    /// <summary>End of what the third pass matches at <paramref name="start"/>; <paramref name="start"/> when nothing.</summary>
    private readonly int Match(int start)
    {
        var first = ClassAt(start, out var second);

        // a. one ASCII punctuation character followed by [A-Za-z]+
        if (first == ScalarClass.AsciiPunctuation && IsAsciiLetter(second))
        {
            return EndOf(second, static value => value == ScalarClass.AsciiLetter);
        }

        // b. [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+
        if (ScalarClasses.IsLetterOrMark(first) ||
            (first is not ScalarClass.LineEnd && !ScalarClasses.IsPunctuation(first) && IsLetterOrMark(second)))
        {
            return EndOf(second, ScalarClasses.IsLetterOrMark);
        }

        // c. " ?[\p{P}\p{S}]+[\r\n]*"
        if (ScalarClasses.IsPunctuation(first) || (first == ScalarClass.Space && IsPunctuation(second)))
        {
            var punctuationEnd = EndOf(second, ScalarClasses.IsPunctuation);
            return EndOf(punctuationEnd, static value => value == ScalarClass.LineEnd);
        }

        return ScalarClasses.IsWhiteSpace(first) ? MatchWhiteSpace(start) : start;
    }

    /// <summary>
    /// d. <c>\s*[\r\n]+</c>: up to the last line end of the run; e. <c>\s+(?!\S)</c>: the run without its last character,
    /// or all of it at the end of the section; f. <c>\s+</c>.
    /// </summary>
    private readonly int MatchWhiteSpace(int start)
    {
        var afterLastLineEnd = start;
        var last = start;
        var end = start;
        while (end < _sectionEnd && ClassAt(end, out var next) is var value && ScalarClasses.IsWhiteSpace(value))
        {
            if (value == ScalarClass.LineEnd)
            {
                afterLastLineEnd = next;
            }

            last = end;
            end = next;
        }

        if (afterLastLineEnd > start)
        {
            return afterLastLineEnd;
        }

        return end == _sectionEnd || last == start ? end : last;
    }

    private readonly int EndOfGap(int start)
    {
        var end = start;
        do
        {
            ClassAt(end, out end);
        }
        while (end < _sectionEnd && Match(end) == end);
        return end;
    }

    private readonly int EndOfNumber(int start)
    {
        var end = start;
        for (var digits = 0; digits < 3 && end < _text.Length && IsNumber(end); digits++)
        {
            end += Length(end);
        }

        return end;
    }

    /// <summary>A section is a run of CJK, or of what is neither CJK nor a number.</summary>
    private readonly int EndOfSection(int start)
    {
        var cjk = IsCjk(start);
        var end = start;
        while (end < _text.Length && IsCjk(end) == cjk && !IsNumber(end))
        {
            end += Length(end);
        }

        return end;
    }

    private readonly int EndOf(int start, Func<ScalarClass, bool> belongs)
    {
        var end = start;
        while (end < _sectionEnd && belongs(ClassAt(end, out var next)))
        {
            end = next;
        }

        return end;
    }

    private readonly bool IsAsciiLetter(int at) => at < _sectionEnd && ClassAt(at, out _) == ScalarClass.AsciiLetter;

    private readonly bool IsLetterOrMark(int at) => at < _sectionEnd && ScalarClasses.IsLetterOrMark(ClassAt(at, out _));

    private readonly bool IsPunctuation(int at) => at < _sectionEnd && ScalarClasses.IsPunctuation(ClassAt(at, out _));

    private readonly bool IsNumber(int at) => ClassAt(at, out _) == ScalarClass.Number;

    private readonly bool IsCjk(int at) => ScalarClasses.IsCjk(ScalarAt(at, out _));

    private readonly int Length(int at)
    {
        ScalarAt(at, out var next);
        return next - at;
    }

    private readonly ScalarClass ClassAt(int at, out int next) => ScalarClasses.Of(ScalarAt(at, out next));

    private readonly Rune ScalarAt(int at, out int next)
    {
        Rune.DecodeFromUtf16(_text[at..], out var scalar, out var length);
        next = at + length;
        return scalar;
    }
}
