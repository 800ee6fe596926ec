using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>An enrolment token as the hub keeps it: a hash in place of the secret.</summary>
/// <param name="UsedBy">SHA-256 of the public key that it was used for; none = unused.</param>
/// <param name="Certificate">What that key got, to answer the same again.</param>
sealed record TokenRow(Guid Id, Digest SecretHash, string Group, long ExpiresMs, bool Revoked, Digest UsedBy, byte[]? Certificate);

/// <summary>Enrolment tokens.</summary>
static class TokenTable
{
    public const string Schema = """
        CREATE TABLE token (
            id BLOB PRIMARY KEY, secret_hash BLOB NOT NULL, grp TEXT NOT NULL, expires_ms INTEGER NOT NULL,
                revoked INTEGER NOT NULL DEFAULT 0,
            used_by BLOB, certificate BLOB) WITHOUT ROWID;
        """;

    public static void Add(SqliteConnection db, TokenRow token) =>
        db.Execute("INSERT INTO token (id, secret_hash, grp, expires_ms) VALUES ($id, $hash, $group, $expires)",
            ("$id", token.Id.ToByteArray(true)), ("$hash", token.SecretHash.ToArray()), ("$group", token.Group),
            ("$expires", token.ExpiresMs));

    public static TokenRow? Find(SqliteConnection db, Guid id) =>
        db.Query("SELECT secret_hash, grp, expires_ms, revoked, used_by, certificate FROM token WHERE id = $id",
            r => new TokenRow(id, r.Digest(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3) != 0, r.Digest(4),
            r.IsDBNull(5) ? null : r.Bytes(5)),
            ("$id", id.ToByteArray(true))).FirstOrDefault();

    public static void Use(SqliteConnection db, Guid id, Digest key, byte[] certificate) =>
        db.Execute("UPDATE token SET used_by = $key, certificate = $certificate WHERE id = $id",
            ("$id", id.ToByteArray(true)), ("$key", key.ToArray()), ("$certificate", certificate));

    public static bool Revoke(SqliteConnection db, Guid id) =>
        db.Execute("UPDATE token SET revoked = 1 WHERE id = $id AND used_by IS NULL", ("$id", id.ToByteArray(true))) == 1;
}
