using Ds4Provider.Dummy;

// One executable, many roles; the first argument chooses.
return args switch
{
    ["watchdog", ..] => await DummyWatchdog.RunAsync(),
    ["server", var behaviour, .. var parameters] => await DummyServer.RunAsync(behaviour, parameters),
    ["make", .. var arguments] => await DummyMake.RunAsync(arguments),
    ["logits", .. var arguments] => DummyLogits.Run(arguments),
    ["client", var model] => await DummyClient.RunAsync(model),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: dummy watchdog | server BEHAVIOUR [PARAMETER...] | make … | logits … | client MODEL");
    return 2;
}
