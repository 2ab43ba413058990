using Clients.Specs.Installation;
using Clients.Specs.Running;
using Clients.Specs.Serving;

namespace Clients.Specs.Programs;

/// <summary>A coding agent of somebody else: what it consists of and how it is pointed to our server.</summary>
internal interface IClientProgram
{
    /// <summary>What people call it.</summary>
    string Name { get; }

    /// <summary>What is installed for it.</summary>
    IReadOnlyList<NpmPackage> Packages { get; }

    /// <summary>Its shell tool.</summary>
    ShellTask Task { get; }

    /// <summary>Writes its configuration and tells how to start it.</summary>
    /// <param name="pathOf">Program of an installed package.</param>
    /// <param name="folder">Where it lives.</param>
    /// <param name="server">Address of the server, without a path.</param>
    ClientCommand Prepare(Func<NpmPackage, string> pathOf, ClientFolder folder, Uri server);

    /// <summary>How many pieces of the reply its output shows one by one; null = it shows whole items only.</summary>
    int? PiecesShown(string output);
}
