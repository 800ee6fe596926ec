using EdgeLearn.Device;

namespace EdgeLearn.Tests;

/// <summary>Updates as arrays, which is what a test compares.</summary>
static class UpdateBytes
{
    /// <summary>All that an update writes.</summary>
    public static byte[] Content(this BoardUpdate update)
    {
        using var content = new MemoryStream();
        update.Write(content);
        return content.ToArray();
    }
}
