using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using AgentHost;

namespace Agent.Hosting;

/// <summary>What an assembly says about the extension in it, read from its metadata: no code of it runs.</summary>
/// <param name="AssemblyPath">Full path of the assembly.</param>
/// <param name="Id">Id of the extension.</param>
/// <param name="Contract">Contract version that it was written for.</param>
/// <param name="TypeName">Full name of the class to create.</param>
internal sealed record ExtensionManifest(string AssemblyPath, string Id, string Contract, string TypeName)
{
    /// <summary>Reads the manifest; null when the file is not an assembly or has no extension.</summary>
    public static ExtensionManifest? TryRead(string path)
    {
        using FileStream stream = File.OpenRead(path);
        try
        {
            using PEReader file = new(stream);
            if (!file.HasMetadata)
                return null;
            MetadataReader metadata = file.GetMetadataReader();
            return metadata.IsAssembly ? Read(metadata, Path.GetFullPath(path)) : null;
        }
        // How the metadata reader tells of damage depends on where it meets it.
        catch (Exception exception) when (exception is BadImageFormatException or OverflowException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Checks that this host can serve the extension.</summary>
    /// <exception cref="ExtensionLoadException">It was written for another or a newer contract.</exception>
    public void RequireSupportedContract()
    {
        Version host = Version.Parse(AgentContract.Version);
        if (!Version.TryParse(Contract, out Version? wanted))
            throw new ExtensionLoadException($"{AssemblyPath}: '{Contract}' is not a contract version such as {AgentContract.Version}.");
        if (wanted.Major != host.Major || wanted.Minor > host.Minor)
        {
            throw new ExtensionLoadException(
                $"{AssemblyPath}: the extension '{Id}' needs contract {Contract}, and this agent offers {AgentContract.Version}. " +
                (wanted > host ? "Update the agent." : "Update the extension."));
        }
    }

    private static ExtensionManifest? Read(MetadataReader metadata, string path)
    {
        foreach (CustomAttributeHandle handle in metadata.GetAssemblyDefinition().GetCustomAttributes())
        {
            CustomAttribute attribute = metadata.GetCustomAttribute(handle);
            if (!IsExtensionAttribute(metadata, attribute))
                continue;
            CustomAttributeValue<string> value = attribute.DecodeValue(new NameProvider());
            return new ExtensionManifest(path, Named(value, "Id"), Named(value, "Contract"), TypeNameOf(value));
        }
        return null;
    }

    private static bool IsExtensionAttribute(MetadataReader metadata, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference)
            return false;
        EntityHandle parent = metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
        if (parent.Kind != HandleKind.TypeReference)
            return false;
        TypeReference type = metadata.GetTypeReference((TypeReferenceHandle)parent);
        return metadata.StringComparer.Equals(type.Name, nameof(AgentExtensionAttribute))
            && metadata.StringComparer.Equals(type.Namespace, typeof(AgentExtensionAttribute).Namespace!);
    }

    private static string TypeNameOf(CustomAttributeValue<string> value)
    {
        string name = value.FixedArguments is [{ Value: string text }] ? text : "";
        // A type of another assembly is written with that assembly's name behind a comma.
        int comma = name.IndexOf(',', StringComparison.Ordinal);
        return comma < 0 ? name : name[..comma];
    }

    private static string Named(CustomAttributeValue<string> value, string name) =>
        value.NamedArguments.FirstOrDefault(argument => argument.Name == name).Value as string ?? "";

    /// <summary>Decodes attribute values with names in place of types.</summary>
    private sealed class NameProvider : ICustomAttributeTypeProvider<string>
    {
        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSystemType() => "System.Type";

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
            reader.GetString(reader.GetTypeDefinition(handle).Name);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            reader.GetString(reader.GetTypeReference(handle).Name);

        public string GetTypeFromSerializedName(string name) => name;

        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;

        public bool IsSystemType(string type) => type is "System.Type" or "Type";
    }
}
