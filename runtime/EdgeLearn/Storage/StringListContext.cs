using System.Text.Json.Serialization;

namespace EdgeLearn;

/// <summary>JSON lists of texts without reflection.</summary>
[JsonSerializable(typeof(string[]))]
sealed partial class StringListContext : JsonSerializerContext;
