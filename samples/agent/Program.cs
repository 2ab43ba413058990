using Agent;

await using AgentApplication application = new(args, TimeProvider.System);
return await application.RunAsync();
