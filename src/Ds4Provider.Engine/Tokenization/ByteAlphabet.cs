namespace Ds4Provider.Engine.Tokenization;

/// <summary>
/// The printable character that stands for each byte in the vocabulary of a byte-level BPE: bytes 33–126, 161–172 and
/// 174–255 stand for themselves, the other 68 in their order for U+0100, U+0101, …
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharacterOf = Characters();
    private static readonly short[] ByteOf = Bytes();

    /// <summary>The character of a byte.</summary>
    public static char Character(byte value) => CharacterOf[value];

    /// <summary>The byte of a character; false when the character is not of the alphabet.</summary>
    public static bool TryGetByte(char character, out byte value)
    {
        var found = character < ByteOf.Length ? ByteOf[character] : (short)-1;
        value = (byte)found;
        return found >= 0;
    }

    private static char[] Characters()
    {
        var characters = new char[256];
        var next = '\u0100';
        for (var value = 0; value < characters.Length; value++)
        {
            var printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            characters[value] = printable ? (char)value : next++;
        }

        return characters;
    }

    private static short[] Bytes()
    {
        var bytes = new short[CharacterOf.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < CharacterOf.Length; value++)
        {
            bytes[CharacterOf[value]] = (short)value;
        }

        return bytes;
    }
}
