using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>An artefact of a group with everything that a board needs to trust it.</summary>
sealed record ArtefactRow(ArtefactManifest Manifest, ArtefactOffer Offer);

/// <summary>Artefacts of each group; the newest is the one with the greatest version.</summary>
static class ArtefactTable
{
    public const string Schema = """
        CREATE TABLE artefact (
            grp TEXT NOT NULL, version INTEGER NOT NULL, digest BLOB NOT NULL, offer BLOB NOT NULL,
                PRIMARY KEY (grp, version)) WITHOUT ROWID;
        CREATE INDEX artefact_digest ON artefact (digest, grp);
        """;

    public static void Add(SqliteConnection db, ArtefactManifest manifest, ArtefactOffer offer) =>
        db.Execute("INSERT INTO artefact (grp, version, digest, offer) VALUES ($group, $version, $digest, $offer)",
            ("$group", manifest.Group), ("$version", (long)manifest.Version), ("$digest", manifest.Digest.ToArray()),
            ("$offer", Google.Protobuf.MessageExtensions.ToByteArray(offer)));

    public static ArtefactRow? Newest(SqliteConnection db, string group) =>
        db.Query("SELECT offer FROM artefact WHERE grp = $group ORDER BY version DESC LIMIT 1", Read, ("$group", group)).FirstOrDefault();

    public static ArtefactRow? Find(SqliteConnection db, string group, Digest digest) =>
        db.Query("SELECT offer FROM artefact WHERE digest = $digest AND grp = $group ORDER BY version DESC LIMIT 1", Read,
            ("$group", group), ("$digest", digest.ToArray())).FirstOrDefault();

    /// <summary>In any group: for the operator.</summary>
    public static bool Exists(SqliteConnection db, Digest digest) =>
        db.Number("SELECT count(*) FROM artefact WHERE digest = $digest", ("$digest", digest.ToArray())) > 0;

    static ArtefactRow Read(SqliteDataReader r)
    {
        var offer = ArtefactOffer.Parser.ParseFrom(r.Bytes(0));
        return new ArtefactRow(ArtefactManifest.Parse(offer.Artefact.Manifest.Span), offer);
    }
}
