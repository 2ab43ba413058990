using System.Text;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Prompting;

/// <summary>Collects the segments of one prompt; joins adjacent text.</summary>
internal sealed class PromptWriter(ControlTokens tokens)
{
    private readonly List<PromptSegment> _segments = [];
    private readonly StringBuilder _text = new();

    /// <summary>The control tokens of the model.</summary>
    public ControlTokens Tokens => tokens;

    /// <summary>Writes one control token.</summary>
    public void Control(int token)
    {
        EndText();
        _segments.Add(new ControlSegment(token));
    }

    /// <summary>Writes text of anybody: what looks like a control token in it stays text.</summary>
    public void Text(string text) => _text.Append(text);

    /// <summary>Writes text of ours, in which the texts of reasoning and DSML tokens stand for the tokens.</summary>
    public void OwnText(string text)
    {
        (string Text, int Token)[] controls =
        [
            (ControlTexts.Dsml, tokens.Dsml), (ControlTexts.ThinkOpen, tokens.ThinkOpen), (ControlTexts.ThinkClose, tokens.ThinkClose),
        ];
        var rest = text;
        while (controls.Select(control => (At: rest.IndexOf(control.Text, StringComparison.Ordinal), Control: control))
                   .Where(found => found.At >= 0)
                   .OrderBy(found => found.At)
                   .FirstOrDefault() is { Control.Text: not null } next)
        {
            Text(rest[..next.At]);
            Control(next.Control.Token);
            rest = rest[(next.At + next.Control.Text.Length)..];
        }

        Text(rest);
    }

    /// <summary>Writes a turn as it was sampled.</summary>
    public void Sampled(IReadOnlyList<int> ids)
    {
        EndText();
        _segments.Add(new SampledSegment(ids));
    }

    /// <summary>The finished prompt.</summary>
    public IReadOnlyList<PromptSegment> Finish()
    {
        EndText();
        return _segments;
    }

    private void EndText()
    {
        if (_text.Length > 0)
        {
            _segments.Add(new TextSegment(_text.ToString()));
            _text.Clear();
        }
    }
}
