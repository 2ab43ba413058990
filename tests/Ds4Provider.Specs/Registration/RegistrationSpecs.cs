using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Ds4Provider.Specs.Registration;

public sealed class RegistrationSpecs
{
    [Fact]
    public async Task The_runtime_and_a_client_per_model_are_registered_and_nothing_starts()
    {
        await using ServiceProvider services = new ServiceCollection().AddDs4Provider().BuildServiceProvider();

        IDs4Runtime runtime = services.GetRequiredService<IDs4Runtime>();
        runtime.Models.Select(model => (model.Id, model.IsDemo)).ShouldBe([("ds4/deepseek-v4-flash", false), ("ds4/demo", true)]);
        foreach (string id in (string[])["ds4/deepseek-v4-flash", "ds4/demo"])
        {
            IChatClient client = services.GetRequiredKeyedService<IChatClient>(id);
            client.GetService<ChatClientMetadata>()!.DefaultModelId.ShouldBe(id);
            client.GetService<IDs4Runtime>().ShouldBe(runtime);
        }
    }

    [Fact]
    public void The_default_client_is_flash_unless_there_is_another()
    {
        using ServiceProvider alone = new ServiceCollection().AddDs4Provider().BuildServiceProvider();
        alone.GetRequiredService<IChatClient>().GetService<ChatClientMetadata>()!.DefaultModelId.ShouldBe("ds4/deepseek-v4-flash");

        using var other = new OtherClient();
        using ServiceProvider beside = new ServiceCollection().AddSingleton<IChatClient>(other).AddDs4Provider().BuildServiceProvider();
        beside.GetRequiredService<IChatClient>().ShouldBe(other);
    }

    [Fact]
    public void Twice_is_once()
    {
        var services = new ServiceCollection();
        services.AddDs4Provider();
        int count = services.Count;
        services.AddDs4Provider().Count.ShouldBe(count);
    }

    [Fact]
    public void A_container_may_be_disposed_without_await()
    {
        ServiceProvider services = new ServiceCollection().AddDs4Provider().BuildServiceProvider();
        services.GetRequiredKeyedService<IChatClient>("ds4/demo");
        Should.NotThrow(services.Dispose);
    }

    private sealed class OtherClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
