using Google.Protobuf;

namespace EdgeLearn.Protocol;

/// <summary>Makes and checks the hub's signed word on the time and the newest version.</summary>
public static class HubStatements
{
    /// <summary>Longest nonce that a hub answers to, in bytes.</summary>
    public const int LongestNonceBytes = 64;

    /// <summary>Signs (nonce, time, newest version) with the hub's round key.</summary>
    public static HubStatement Create(FleetKey roundKey, ReadOnlySpan<byte> nonce, DateTimeOffset now, ulong newestVersion)
    {
        if (nonce.Length > LongestNonceBytes)
            throw new EdgeLearnException($"a nonce has at most {LongestNonceBytes} bytes, this one has {nonce.Length}");
        HubStatement statement = new()
        {
            Nonce = ByteString.CopyFrom(nonce),
            UnixMs = now.ToUnixTimeMilliseconds(),
            NewestVersion = newestVersion
        };
        statement.Signature = ByteString.CopyFrom(roundKey.Sign(SignedThing.Statement, Bytes(statement)));
        return statement;
    }

    /// <summary>The hub's time, if the statement is the answer to this nonce and signed by the hub.</summary>
    /// <exception cref="EdgeLearnException">Another nonce (an old answer played again), or not signed by this hub.</exception>
    public static DateTimeOffset Verify(HubStatement? statement, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> roundPublicKey)
    {
        if (statement is null || !statement.Nonce.Span.SequenceEqual(nonce))
            throw new EdgeLearnException("the hub's statement of the time answers another question: somebody plays an old answer again");
        if (!FleetKey.Verify(roundPublicKey, SignedThing.Statement, Bytes(statement), statement.Signature.Span))
            throw new EdgeLearnException("the hub's statement of the time is not signed by this fleet's hub");
        if (statement.UnixMs is < 0 or > 253_402_300_799_999)
            throw new EdgeLearnException($"the hub's clock says {statement.UnixMs} ms since 1970, which is no date");
        return DateTimeOffset.FromUnixTimeMilliseconds(statement.UnixMs);
    }

    static byte[] Bytes(HubStatement statement)
    {
        CanonicalWriter writer = new();
        writer.WriteUInt16((ushort)statement.Nonce.Length);
        writer.WriteBytes(statement.Nonce.Span);
        writer.WriteInt64(statement.UnixMs);
        writer.WriteUInt64(statement.NewestVersion);
        return writer.ToArray();
    }
}
