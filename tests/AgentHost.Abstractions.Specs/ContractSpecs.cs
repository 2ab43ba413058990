using System.Reflection;
using Microsoft.Extensions.AI;

namespace AgentHost.Specs;

public sealed class ContractSpecs
{
    [Fact]
    public void The_contract_stands_on_abstractions_only()
    {
        IEnumerable<string> references = typeof(IAgentExtension).Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!).Where(name => !name.StartsWith("System.", StringComparison.Ordinal));

        references.ShouldBeSubsetOf(["Microsoft.Extensions.AI.Abstractions", "Microsoft.Extensions.Logging.Abstractions"]);
    }

    [Fact]
    public void The_version_has_a_major_and_a_minor_part()
    {
        Version version = Version.Parse(AgentContract.Version);

        version.Major.ShouldBe(1);
        version.Build.ShouldBe(-1);
    }

    [Fact]
    public void Every_event_can_be_handled_only_through_its_own_type()
    {
        Type[] events = [.. typeof(ExtensionEvent).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(ExtensionEvent)))];

        events.ShouldNotBeEmpty();
        events.ShouldAllBe(type => type.IsSealed);
    }

    [Fact]
    public void What_an_event_does_not_let_a_handler_change_has_no_setter()
    {
        IEnumerable<string> settable = typeof(ExtensionEvent).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(ExtensionEvent)))
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            .Where(property => property.SetMethod is { IsPublic: true })
            .Select(property => $"{property.DeclaringType!.Name}.{property.Name}");

        settable.ShouldBe(
            ["InputReceived.Text", "InputReceived.Handled", "ToolCalling.BlockReason", "ToolCompleted.Result"], ignoreOrder: true);
    }

    [Fact]
    public void A_provider_without_live_details_reads_nothing_from_an_update()
    {
        IModelProvider provider = new SmallestProvider();

        provider.TryReadUpdate(new ChatResponseUpdate(ChatRole.Assistant, "text"), out StreamDetail detail).ShouldBeFalse();
        detail.ShouldBe(default);
    }

    [Fact]
    public void A_provider_that_knows_its_models_has_nothing_to_refresh()
    {
        IModelProvider provider = new SmallestProvider();

        provider.RefreshModelsAsync(TestContext.Current.CancellationToken).AsTask().IsCompletedSuccessfully.ShouldBeTrue();
    }

    /// <summary>The least that a provider must write.</summary>
    private sealed class SmallestProvider : IModelProvider
    {
        public string Id => "smallest";

        public string DisplayName => "Smallest";

        public IReadOnlyList<ModelInfo> Models => [];

        public ValueTask PrepareAsync(ModelInfo model, PrepareRequest request, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public IChatClient CreateChatClient(ModelInfo model) => throw new NotSupportedException();
    }
}
