using System.Globalization;
using System.Text;

namespace Agent.Terminal;

/// <summary>How many columns text takes, and text made safe to print.</summary>
internal static class TextWidth
{
    public static int Of(string text)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
            width += Of(rune);
        return width;
    }

    /// <summary>Columns of one character.</summary>
    public static int Of(Rune rune)
    {
        if (rune.Value < 0x300)
            return 1;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
            _ => IsWide(rune.Value) ? 2 : 1,
        };
    }

    /// <summary>The longest beginning of a text that fits.</summary>
    public static string Take(string text, int width)
    {
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            width -= Of(rune);
            if (width < 0)
                break;
            length += rune.Utf16SequenceLength;
        }
        return text[..length];
    }

    /// <summary>One line of foreign text without what would move the cursor: escape sequences and control characters go, tabs become spaces.</summary>
    public static string Printable(string text)
    {
        StringBuilder safe = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (character == '\e')
                i = EndOfEscape(text, i);
            else if (character == '\t')
                safe.Append("    ");
            else if (!char.IsControl(character))
                safe.Append(character);
        }
        return safe.ToString();
    }

    private static int EndOfEscape(string text, int start)
    {
        int i = start + 1;
        if (i >= text.Length)
            return start;
        if (text[i] == ']')
        {
            // Operating system command, such as a title or a link: up to BEL or ST.
            while (++i < text.Length && text[i] != '\a' && text[i] != '\\')
            {
            }
            return i;
        }
        if (text[i] != '[')
            return i;
        while (++i < text.Length && text[i] is < '@' or > '~')
        {
        }
        return i;
    }

    // East Asian wide and fullwidth blocks, and the emoji that terminals draw in two columns.
    private static bool IsWide(int value) => value
        is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0x303E) or (>= 0x3041 and <= 0x33FF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x4E00 and <= 0x9FFF) or (>= 0xA000 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF)
        or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1F64F)
        or (>= 0x1F680 and <= 0x1F6FF) or (>= 0x1F900 and <= 0x1F9FF) or (>= 0x1FA70 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD);
}
