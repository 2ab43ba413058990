namespace Agent.Terminal;

/// <summary>Brings keys to whoever asked for them last. Thread-safe.</summary>
internal sealed class Keyboard
{
    private readonly Lock gate = new();
    private readonly List<Focus> listeners = [];

    /// <summary>Takes the keys until the handle is disposed.</summary>
    /// <param name="handle">Gets each key, and whether more are waiting, as when text is pasted.</param>
    public IDisposable Take(Action<ConsoleKeyInfo, bool> handle)
    {
        Focus focus = new(this, handle);
        lock (gate)
            listeners.Add(focus);
        return focus;
    }

    public void Dispatch(ConsoleKeyInfo key, bool moreWaiting)
    {
        Focus? focus;
        lock (gate)
            focus = listeners.LastOrDefault();
        focus?.Handle(key, moreWaiting);
    }

    /// <summary>Reads the console on a thread of its own, which ends with the process: a read of the console cannot be cancelled.</summary>
    public void StartReading()
    {
        Console.TreatControlCAsInput = true;
        new Thread(Read) { IsBackground = true, Name = "keyboard" }.Start();
    }

    private void Read()
    {
        try
        {
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                Dispatch(key, Console.KeyAvailable);
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal has gone away; the hang-up signal ends the agent.
        }
    }

    private sealed class Focus(Keyboard keyboard, Action<ConsoleKeyInfo, bool> handle) : IDisposable
    {
        public void Handle(ConsoleKeyInfo key, bool moreWaiting) => handle(key, moreWaiting);

        public void Dispose()
        {
            lock (keyboard.gate)
                keyboard.listeners.Remove(this);
        }
    }
}
