namespace Clients.Specs.Installation;

/// <summary>A package cannot be had on this machine, through no fault of ours: no npm, no registry, no such package.</summary>
internal sealed class PackageUnavailableException(NpmPackage package, string reason, Exception? inner = null)
    : Exception($"{package.Specifier} cannot be installed: {reason}", inner);
