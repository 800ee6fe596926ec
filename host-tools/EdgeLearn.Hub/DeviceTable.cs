using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>What the hub knows about a board.</summary>
/// <param name="Id">First 8 bytes of SHA-256 of the enrolled public key.</param>
/// <param name="PublicKey">SPKI of its present key.</param>
/// <param name="RevokedReason">Null = not revoked.</param>
/// <param name="Outcome">What became of the last offer; null = nothing yet.</param>
sealed record DeviceRow(
    ulong Id, string Name, string Group, byte[] PublicKey, string? RevokedReason, long EnrolledMs, long LastSeenMs,
    long CertificateExpiresMs,
    ulong ModelVersion, Digest ModelDigest, ulong ExampleCount, string AgentVersion, string Platform, ulong Accepted, ulong Refused,
    OfferOutcome? Outcome)
{
    /// <summary>The id as people and certificates write it.</summary>
    public string IdText => TextOf(Id);

    public static string TextOf(ulong id) => id.ToString("x16");

    public static ulong? IdOf(string text) =>
        text.Length == 16 && ulong.TryParse(text, System.Globalization.NumberStyles.AllowHexSpecifier, null, out ulong id) ? id : null;

    public DeviceView ToView()
    {
        DeviceView view = new()
        {
            DeviceId = IdText,
            Name = Name,
            Group = Group,
            Revoked = RevokedReason is not null,
            EnrolledUnixMs = EnrolledMs,
            LastSeenUnixMs = LastSeenMs,
            CertificateExpiresUnixMs = CertificateExpiresMs,
            ModelVersion = ModelVersion,
            ModelDigest = ModelDigest.IsNone
                ? Google.Protobuf.ByteString.Empty
                : Google.Protobuf.ByteString.CopyFrom(ModelDigest.ToArray()),
            ExampleCount = ExampleCount,
            AgentVersion = AgentVersion,
            Platform = Platform,
            AcceptedReports = Accepted,
            RefusedReports = Refused,
            RevokedReason = RevokedReason ?? "",
        };
        if (Outcome is not null)
            view.LastOutcome = Outcome;
        return view;
    }
}

/// <summary>Boards: one row each. SQLite keeps 64-bit ids as signed numbers.</summary>
static class DeviceTable
{
    public const string Schema = """
        CREATE TABLE device (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, grp TEXT NOT NULL, public_key BLOB NOT NULL, revoked TEXT,
            enrolled_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL DEFAULT 0, expires_ms INTEGER NOT NULL,
            model_version INTEGER NOT NULL DEFAULT 0, model_digest BLOB, examples INTEGER NOT NULL DEFAULT 0,
            agent TEXT NOT NULL, platform TEXT NOT NULL, accepted INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
                outcome BLOB);
        CREATE INDEX device_group ON device (grp, revoked);
        """;

    const string Columns = "id, name, grp, public_key, revoked, enrolled_ms, last_seen_ms, expires_ms, model_version, model_digest, "
        + "examples, agent, platform, accepted, refused, outcome";

    public static DeviceRow? Find(SqliteConnection db, ulong id) =>
        db.Query($"SELECT {Columns} FROM device WHERE id = $id", Read, ("$id", (long)id)).FirstOrDefault();

    /// <summary>By id, or by a name that only one board has.</summary>
    public static DeviceRow? Find(SqliteConnection db, string idOrName)
    {
        if (DeviceRow.IdOf(idOrName) is { } id && Find(db, id) is { } byId)
            return byId;
        var named = db.Query($"SELECT {Columns} FROM device WHERE name = $name LIMIT 2", Read, ("$name", idOrName));
        return named.Count == 1 ? named[0] : null;
    }

    public static List<DeviceRow> List(SqliteConnection db, string group) => group.Length == 0
        ? db.Query($"SELECT {Columns} FROM device ORDER BY grp, name, id", Read)
        : db.Query($"SELECT {Columns} FROM device WHERE grp = $group ORDER BY name, id", Read, ("$group", group));

    public static long CountActive(SqliteConnection db, string group) =>
        db.Number("SELECT count(*) FROM device WHERE grp = $group AND revoked IS NULL", ("$group", group));

    public static List<ulong> Revoked(SqliteConnection db)
        => db.Query("SELECT id FROM device WHERE revoked IS NOT NULL", r => (ulong)r.GetInt64(0));

    public static List<string> Groups(SqliteConnection db) =>
        db.Query("SELECT grp FROM device UNION SELECT grp FROM artefact ORDER BY 1", r => r.GetString(0));

    /// <summary>A new board, or one that enrols again with the same key.</summary>
    public static void Enrol(SqliteConnection db, ulong id, string name, string group, byte[] publicKey, long nowMs, long expiresMs,
        string agent, string platform) =>
        db.Execute("""
            INSERT INTO device (id, name, grp, public_key, enrolled_ms, expires_ms, agent, platform)
            VALUES ($id, $name, $group, $key, $now, $expires, $agent, $platform)
            ON CONFLICT (id) DO UPDATE SET name = $name, grp = $group, public_key = $key, expires_ms = $expires,
                agent = $agent, platform = $platform
            """,
            ("$id", (long)id), ("$name", name), ("$group", group), ("$key", publicKey), ("$now", nowMs), ("$expires", expiresMs),
            ("$agent", agent), ("$platform", platform));

    public static void Renew(SqliteConnection db, ulong id, byte[] publicKey, long expiresMs) =>
        db.Execute("UPDATE device SET public_key = $key, expires_ms = $expires WHERE id = $id", ("$id", (long)id), ("$key", publicKey),
        ("$expires", expiresMs));

    public static void Revoke(SqliteConnection db, ulong id, string reason) =>
        db.Execute("UPDATE device SET revoked = $reason WHERE id = $id AND revoked IS NULL", ("$id", (long)id), ("$reason", reason));

    public static void Seen(SqliteConnection db, ulong id, long nowMs, CheckInRequest request)
    {
        db.Execute("UPDATE device SET last_seen_ms = $now, model_version = $version, model_digest = $digest, examples = $examples, agent "
            + "= $agent WHERE id = $id",
            ("$id", (long)id), ("$now", nowMs), ("$version", (long)request.ModelVersion),
            ("$digest", request.ModelDigest.Length == Protocol.Digest.LengthBytes ? request.ModelDigest.ToByteArray() : null),
            ("$examples", (long)request.ExampleCount), ("$agent", request.AgentVersion));
        if (request.Outcomes.Count > 0)
        {
            db.Execute("UPDATE device SET outcome = $outcome WHERE id = $id", ("$id", (long)id),
                ("$outcome", Google.Protobuf.MessageExtensions.ToByteArray(request.Outcomes[^1])));
        }
    }

    public static void Count(SqliteConnection db, ulong id, int accepted, int refused) =>
        db.Execute("UPDATE device SET accepted = accepted + $accepted, refused = refused + $refused WHERE id = $id",
            ("$id", (long)id), ("$accepted", accepted), ("$refused", refused));

    static DeviceRow Read(SqliteDataReader r) => new(
        (ulong)r.GetInt64(0), r.GetString(1), r.GetString(2), r.Bytes(3), r.IsDBNull(4) ? null : r.GetString(4), r.GetInt64(5),
        r.GetInt64(6), r.GetInt64(7),
        (ulong)r.GetInt64(8), r.Digest(9), (ulong)r.GetInt64(10), r.GetString(11), r.GetString(12), (ulong)r.GetInt64(13),
        (ulong)r.GetInt64(14),
        r.IsDBNull(15) ? null : OfferOutcome.Parser.ParseFrom(r.Bytes(15)));
}
