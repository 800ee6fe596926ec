using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>Tokens, manifests, headers and statements: what comes back is what went in, and nothing else passes.</summary>
public sealed class SignedThingsTests
{
    static readonly FleetKey s_release = FleetKey.Create();
    static readonly FleetKey s_round = FleetKey.Create();
    static readonly Digest s_fleet = Digest.Of("fleet"u8);

    static ArtefactTrust Trust(string group = "field") => new(s_fleet, group, s_release.PublicKey, s_round.PublicKey);

    static ArtefactManifest Push(ulong version = 3, uint limit = 5) => new()
    {
        Fleet = s_fleet,
        Group = "field",
        Version = version,
        Digest = Digest.Of([(byte)version]),
        SizeBytes = 10,
        GenerationLimit = limit,
        Signer = ArtefactSigner.Release,
        CreatedUnixMs = 1_700_000_000_000,
    };

    static ArtefactManifest Successor(ulong version = 4, uint generation = 1, ulong origin = 3) => new()
    {
        Fleet = s_fleet,
        Group = "field",
        Version = version,
        Digest = Digest.Of([(byte)version, 1]),
        SizeBytes = 10,
        Parent = Digest.Of([(byte)origin]),
        Origin = Digest.Of([(byte)origin]),
        Generation = generation,
        Round = 1,
        Updates = Digest.Of("updates"u8),
        Signer = ArtefactSigner.Round,
        CreatedUnixMs = 1_700_000_000_000,
    };

    static UpdateHeader Header() => new()
    {
        Round = 1,
        Device = 2,
        Attempt = Guid.NewGuid(),
        Codec = Codec.SignVote,
        Base = Digest.Of("base"u8),
        Shape = Digest.Of("shape"u8),
        ExampleCount = 100,
        Norm = 0.5,
        ContentLength = 12,
        Content = Digest.Of("content"u8),
    };

    [Fact]
    public void A_token_comes_back_as_it_was()
    {
        var token = EnrolmentToken.Create("https://hub.example:7443", s_fleet, DateTimeOffset.UnixEpoch.AddYears(60));
        string text = token.ToString();
        Assert.StartsWith("el1.", text);
        var read = EnrolmentToken.Parse($"  {text}\n");
        Assert.Equal((token.Address, token.Fleet, token.Id, token.Expires), (read.Address, read.Fleet, read.Id, read.Expires));
        Assert.Equal(token.Secret, read.Secret);
    }

    [Fact]
    public void A_token_with_a_character_changed_or_missing_is_noticed_before_anything_is_dialled()
    {
        string text = EnrolmentToken.Create("https://hub.example:7443", s_fleet, DateTimeOffset.UnixEpoch.AddYears(60)).ToString();
        for (int i = 0; i < text.Length; i++)
        {
            Assert.Throws<EdgeLearnException>(() => EnrolmentToken.Parse(text[..i]));
            char[] changed = text.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'Q' : 'A';
            Assert.Throws<EdgeLearnException>(() => EnrolmentToken.Parse(new string(changed)));
        }
        Assert.Throws<EdgeLearnException>(() => EnrolmentToken.Parse("el1." + new string('A', 100_000)));
    }

    [Fact]
    public void Manifest_and_header_come_back_as_they_were_and_no_other_bytes_are_accepted()
    {
        foreach (var manifest in (ArtefactManifest[])[Push(), Successor()])
        {
            byte[] bytes = manifest.ToBytes();
            Assert.Equal(manifest, ArtefactManifest.Parse(bytes));
            for (int cut = 0; cut < bytes.Length; cut++)
                Assert.Throws<EdgeLearnException>(() => ArtefactManifest.Parse(bytes.AsSpan(0, cut)));
            Assert.Throws<EdgeLearnException>(() => ArtefactManifest.Parse([.. bytes, 0]));
        }
        var header = Header();
        byte[] written = header.ToBytes();
        Assert.Equal(UpdateHeader.LengthBytes, written.Length);
        Assert.Equal(header, UpdateHeader.Parse(written));
        for (int cut = 0; cut < written.Length; cut++)
            Assert.Throws<EdgeLearnException>(() => UpdateHeader.Parse(written.AsSpan(0, cut)));
    }

    [Fact]
    public void Every_flipped_bit_of_a_signed_manifest_is_noticed()
    {
        var signed = Push().Sign(s_release);
        byte[] manifest = signed.Manifest.ToByteArray(), signature = signed.Signature.ToByteArray();
        foreach (byte[] target in (byte[][])[manifest, signature])
        {
            for (int bit = 0; bit < target.Length * 8; bit++)
            {
                target[bit / 8] ^= (byte)(1 << (bit % 8));
                SignedManifest changed = new()
                {
                    Manifest = Google.Protobuf.ByteString.CopyFrom(manifest),
                    Signature = Google.Protobuf.ByteString.CopyFrom(signature)
                };
                Assert.Throws<EdgeLearnException>(() => Trust().Verify(new ArtefactOffer { Artefact = changed }));
                target[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
        Assert.Equal(3ul, Trust().Verify(new ArtefactOffer { Artefact = signed }).Version);
    }

    [Fact]
    public void A_signature_for_one_purpose_is_worth_nothing_for_another()
    {
        byte[] content = "the same bytes"u8.ToArray();
        byte[] signature = s_round.Sign(SignedThing.Statement, content);
        Assert.True(FleetKey.Verify(s_round.PublicKey.Span, SignedThing.Statement, content, signature));
        Assert.False(FleetKey.Verify(s_round.PublicKey.Span, SignedThing.Manifest, content, signature));
        Assert.False(FleetKey.Verify(s_release.PublicKey.Span, SignedThing.Statement, content, signature));
        Assert.False(FleetKey.Verify([1, 2, 3], SignedThing.Statement, content, signature));
    }

    [Fact]
    public void A_successor_is_trusted_with_its_push_and_only_forward()
    {
        ArtefactOffer offer = new() { Artefact = Successor().Sign(s_round), Origin = Push().Sign(s_release) };
        (var artefact, ulong release) = Trust().VerifyForUse(offer, newestVersion: 3, newestRelease: 3);
        Assert.Equal((4ul, 3ul), (artefact.Version, release));
        Assert.Contains("roll-back",
            Assert.Throws<EdgeLearnException>(() => Trust().VerifyForUse(offer, newestVersion: 4, newestRelease: 3)).Message);
        // A hub whose push was replaced cannot go on with the old line, whatever version it writes.
        Assert.Contains("roll-back",
            Assert.Throws<EdgeLearnException>(() => Trust().VerifyForUse(offer, newestVersion: 3, newestRelease: 4)).Message);
    }

    [Fact]
    public void The_round_key_may_sign_nothing_but_successors_of_a_push()
    {
        var push = Push().Sign(s_release);
        (string Why, ArtefactOffer Offer)[] forgeries =
        [
            ("a push", new() { Artefact = Push().Sign(s_round) }),
            ("without its push", new() { Artefact = Successor().Sign(s_round) }),
            ("of another push", new() { Artefact = Successor(origin: 2).Sign(s_round), Origin = push }),
            ("of a push that the round key signed", new() { Artefact = Successor().Sign(s_round), Origin = Push().Sign(s_round) }),
            ("of a successor",
                new() { Artefact = (Successor(version: 5) with { Origin = Successor().Digest, Parent = Successor().Digest }).Sign(s_round),
                Origin = Successor().Sign(s_round) }),
            ("older than its push", new() { Artefact = Successor(version: 2).Sign(s_round), Origin = push }),
            ("beyond the limit", new() { Artefact = Successor(generation: 6).Sign(s_round), Origin = push }),
            ("signed by the release key", new() { Artefact = Successor().Sign(s_release), Origin = push }),
            ("of another fleet", new() { Artefact = (Successor() with { Fleet = Digest.Of("other"u8) }).Sign(s_round), Origin = push }),
            ("for another group", new() { Artefact = (Successor() with { Group = "lab" }).Sign(s_round), Origin = push }),
            ("with no updates", new() { Artefact = (Successor() with { Updates = default }).Sign(s_round), Origin = push }),
            ("with no round", new() { Artefact = (Successor() with { Round = 0 }).Sign(s_round), Origin = push }),
            ("nothing at all", new()),
        ];
        foreach ((string why, var offer) in forgeries)
            Assert.True(Record.Exception(() => Trust().Verify(offer)) is EdgeLearnException, $"accepted: a model {why}");
        Assert.Throws<EdgeLearnException>(() => Trust("lab").Verify(new ArtefactOffer { Artefact = push }));
    }

    [Fact]
    public void A_statement_answers_its_own_nonce_alone()
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);
        var statement = HubStatements.Create(s_round, [1, 2, 3], now, 7);
        Assert.Equal(now, HubStatements.Verify(statement, [1, 2, 3], s_round.PublicKey.Span));
        Assert.Throws<EdgeLearnException>(() => HubStatements.Verify(statement, [1, 2, 4], s_round.PublicKey.Span));
        Assert.Throws<EdgeLearnException>(() => HubStatements.Verify(statement, [1, 2, 3], s_release.PublicKey.Span));
        Assert.Throws<EdgeLearnException>(() => HubStatements.Verify(null, [], s_round.PublicKey.Span));
        statement.NewestVersion = 6;  // freeze: an older version passed off as the newest
        Assert.Throws<EdgeLearnException>(() => HubStatements.Verify(statement, [1, 2, 3], s_round.PublicKey.Span));
    }
}
