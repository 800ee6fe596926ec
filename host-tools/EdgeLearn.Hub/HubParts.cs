using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>
/// The parts of a hub, put together: each is made after those that it needs, which are all that it gets. <see cref="FleetHub"/> alone sees
/// all of them.
/// </summary>
sealed class HubParts : IDisposable
{
    readonly CancellationTokenSource _stopping = new();
    readonly SemaphoreSlim _versions = new(1, 1);

    public HubParts(HubOptions options)
    {
        Folder = new HubFolder(options.Folder);
        try
        {
            var log = Log = line => options.Log?.Invoke(line);
            var clock = options.Clock;
            var now = clock.GetUtcNow();
            Authority = FleetAuthority.Open(Folder, now);
            byte[] release = OperatorIdentity.Prepare(Folder, Authority, now);
            var trust = Authority.Trust;
            Signer = new RoundSigner(Folder.Key("round"), trust.Fleet, release);
            Store = new FleetStore(Folder.Database);
            Artefacts = new ContentStore(Folder.Artefacts);
            ContentStore updates = new(Folder.Updates);
            PaceSteering pace = new(options);
            FleetRoll roll = new(Store, pace);
            Liveness = new Liveness(Store, clock, log);
            Export = TelemetryExport.FromVariables(options);

            Successor = new RoundSuccessor(Artefacts, updates);
            Book = new RoundBook(Store, clock, log, _stopping.Token);
            Completion = new RoundCompletion(Book, Successor, Artefacts, Store, _versions, Signer, pace, options, _stopping.Token);
            Rules = new RoundRules(Book, new RoundOpening(Store, Artefacts, Signer), Completion, roll, pace, clock, log);

            Enrolment = new Enrolment(Store, Authority, Signer, roll, pace, options);
            CheckIns checkIns = new(Store, Liveness, Export, Book, Rules, Signer, pace, clock);
            ReportIntake reports = new(Book, Rules, Artefacts, updates, Folder.Partial, Export, log);
            Fleet = new FleetService(trust, Enrolment, checkIns, new ArtefactOutlet(Store, Artefacts, roll, Book), reports, Book, pace);
            ArtefactIntake pushes = new(Store, Artefacts, _versions, Signer, pace, log);
            Revocation revocation = new(Store, roll, Rules, log);
            Operator = new OperatorService(Store, Signer, Enrolment, revocation, pushes, roll, Book, Rules, Liveness, clock);
            Authentication = new CallAuthentication(Store, trust, clock);
            Certificate = new HubCertificate(Folder.Key("hub"), Authority, options);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Action<string> Log { get; } = _ => { };

    public HubFolder Folder { get; }

    public FleetAuthority Authority { get; } = null!;

    public RoundSigner Signer { get; } = null!;

    public FleetStore Store { get; } = null!;

    public ContentStore Artefacts { get; } = null!;

    public Liveness Liveness { get; } = null!;

    public TelemetryExport? Export { get; }

    public RoundSuccessor Successor { get; } = null!;

    public RoundBook Book { get; } = null!;

    public RoundCompletion Completion { get; } = null!;

    public RoundRules Rules { get; } = null!;

    public Enrolment Enrolment { get; } = null!;

    public FleetService Fleet { get; } = null!;

    public OperatorService Operator { get; } = null!;

    public CallAuthentication Authentication { get; } = null!;

    public HubCertificate Certificate { get; } = null!;

    /// <summary>Ends the calls that would else go on.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose()
    {
        Certificate?.Dispose();
        Rules?.Dispose();
        Completion?.Dispose();
        Book?.Dispose();
        Export?.Dispose();
        Liveness?.Dispose();
        Store?.Dispose();
        Signer?.Dispose();
        Authority?.Dispose();
        Folder.Dispose();
        _versions.Dispose();
        _stopping.Dispose();
    }
}
