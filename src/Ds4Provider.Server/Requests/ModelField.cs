using Ds4Provider.Server.Catalog;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Requests;

/// <summary>Reads the model that a request asks for.</summary>
internal static class ModelField
{
    /// <summary>The name as it was written, or the served one when there is none.</summary>
    /// <exception cref="ApiException">Another model is asked for.</exception>
    public static string Parse(JsonField body, string served)
    {
        string model = body["model"].OptionalString() ?? served;
        return ModelNames.Matches(model, served) ? model : throw ApiException.NoSuchModel(model, served);
    }
}
