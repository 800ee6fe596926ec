namespace EdgeLearn.Hub;

/// <summary>Text from boards that people will read on a terminal: one line, no control characters, not too long.</summary>
static class PlainText
{
    public static string Of(string text, int length)
    {
        string kept = text.Length <= length ? text : text[..length];
        return kept.Any(char.IsControl) ? new string([.. kept.Select(c => char.IsControl(c) ? ' ' : c)]) : kept;
    }
}
