namespace Ds4Provider.Watchdog.Setup;

/// <summary>The files that travel with the executable.</summary>
internal sealed class PayloadFolder(string path)
{
    /// <summary>Sources of the engine, with their Makefile.</summary>
    public string Native => System.IO.Path.Combine(path, "native");

    /// <summary>The engine compiled on the machine that made the package; often not there.</summary>
    public string Prebuilt => System.IO.Path.Combine(path, "prebuilt");

    /// <summary>The demo model.</summary>
    public string DemoModel => System.IO.Path.Combine(path, "models", "ds4-demo.gguf");

    /// <summary>Token ids of the self-test, one a line.</summary>
    public string SelfTestTokens => System.IO.Path.Combine(path, "selftest", "selftest.ids");

    /// <summary>Positions whose logits are compared, one a line.</summary>
    public string SelfTestPositions => System.IO.Path.Combine(path, "selftest", "selftest.positions");

    /// <summary>The logits that any correct engine computes: float32 rows in the order of the positions.</summary>
    public string SelfTestLogits => System.IO.Path.Combine(path, "selftest", "selftest.f32");
}
