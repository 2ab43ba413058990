using Ds4Provider.Wire.Payload;

namespace Ds4Provider.Lease;

/// <summary>Where the executable and its files lie: beside this assembly, wherever a host has put it.</summary>
internal static class PayloadFolder
{
    /// <summary>Finds the folder; the first place when there is none, for the error message.</summary>
    /// <param name="others">Further places, such as a plugin's folder.</param>
    public static string Find(params string?[] others)
    {
        // Location is empty in a single-file application, and when a host loads the assembly from memory.
#pragma warning disable IL3000
        string? beside = Path.GetDirectoryName(typeof(PayloadFolder).Assembly.Location);
#pragma warning restore IL3000
        string[] places =
        [
            .. ((string?[])[beside, .. others, AppContext.BaseDirectory])
                .Where(place => !string.IsNullOrEmpty(place))
                .Select(place => Path.Combine(place!, PayloadInstaller.FolderName)),
        ];
        return places.FirstOrDefault(place => File.Exists(Path.Combine(place, PayloadManifest.FileName))) ?? places[0];
    }
}
