namespace AgentHost;

/// <summary>Something that happens in a session. What a handler may change has a setter.</summary>
public abstract class ExtensionEvent;
