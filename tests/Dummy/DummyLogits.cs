using System.Globalization;
using System.Runtime.InteropServices;

namespace Ds4Provider.Dummy;

/// <summary>ds4-logits, without a model: writes the expected logits beside the tokens, off by a relative error.</summary>
internal static class DummyLogits
{
    public static int Run(string[] arguments)
    {
        float error = float.Parse(arguments[0], CultureInfo.InvariantCulture);
        string expected = Path.ChangeExtension(Value(arguments, "--tokens"), ".f32");
        byte[] logits = File.ReadAllBytes(expected);
        foreach (ref float logit in MemoryMarshal.Cast<byte, float>(logits.AsSpan()))
            logit *= 1 + error;
        File.WriteAllBytes(Value(arguments, "--out"), logits);
        return 0;
    }

    private static string Value(string[] arguments, string name) => arguments[Array.IndexOf(arguments, name) + 1];
}
