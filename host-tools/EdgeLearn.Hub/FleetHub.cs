using System.Net;
using System.Security.Authentication;
using EdgeLearn.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeLearn.Hub;

/// <summary>A running hub: one process, one folder, one port. Start it, give out tokens, push a model, run rounds.</summary>
public sealed class FleetHub : IAsyncDisposable
{
    static readonly TimeSpan s_pingDelay = TimeSpan.FromSeconds(30);

    readonly HubParts _parts;
    readonly WebApplication _app;
    int _stopped;

    FleetHub(HubParts parts, WebApplication app)
    {
        _parts = parts;
        _app = app;
    }

    /// <summary>Where boards and operators reach it, https://host:port, with the real port.</summary>
    public string Address => _parts.Enrolment.PublicAddress;

    /// <summary>The operator's folder that the first start made; see <see cref="OperatorIdentity"/>.</summary>
    public string OperatorFolder => _parts.Folder.Operator;

    /// <summary>SHA-256 of the authority's public key: the fleet's name.</summary>
    public Digest Fleet => _parts.Authority.Trust.Fleet;

    internal HubParts Parts => _parts;

    /// <summary>Opens the folder (makes a fleet at its first start), goes on with open rounds, and listens.</summary>
    /// <exception cref="EdgeLearnException">The port is taken, or the folder is in use, damaged or cannot be written.</exception>
    public static async Task<FleetHub> StartAsync(HubOptions options, CancellationToken cancel = default)
    {
        if (options.Port is < 0 or > 65535)
            throw new EdgeLearnException($"port {options.Port}: 1 to 65535 expected, or 0 for a free one");
        HubParts? parts = null;
        WebApplication? app = null;
        try
        {
            parts = new HubParts(options);
            app = Build(parts, options);
            // Before the first call can come: a report for a round that memory does not hold yet would be taken for a late one.
            parts.Rules.Resume();
            int port = await ListenAsync(app, options, cancel);
            string address = parts.Enrolment.PublicAddress = $"https://{HubCertificate.PublicHost(options)}:{port}";
            OperatorIdentity.NoteAddress(parts.Folder, address);
            parts.Log($"the hub listens on {address}");
            return new FleetHub(parts, app);
        }
        catch (Exception e)
        {
            parts?.Stop();
            if (app is not null)
                await app.DisposeAsync();
            if (parts is not null)
                await parts.Completion.StopAsync();
            parts?.Dispose();
            throw e switch
            {
                SqliteException =>
                    new EdgeLearnException($"the database fleet.db of the hub's folder {options.Folder} is damaged or cannot be "
                    + $"read ({e.Message}): "
                    + "put a copy of the whole folder back, or start a new fleet in an empty folder", e),
                IOException or UnauthorizedAccessException =>
                    new EdgeLearnException($"the hub's folder {options.Folder} cannot be used: {e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>Listens; returns the real port.</summary>
    static async Task<int> ListenAsync(WebApplication app, HubOptions options, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            throw new EdgeLearnException($"port {options.Port} on {options.Listen} cannot be used ({(e.InnerException ?? e).Message}): "
                + $"choose another with --port, or 0 for a free one", e);
        }
        return new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    /// <summary>A client with the operator's rights, over the network like any other. The caller disposes it.</summary>
    public OperatorClient ConnectOperator() => OperatorClient.Connect(OperatorFolder, Address);

    /// <summary>Works a committed round out again from its journal and compares.</summary>
    /// <exception cref="EdgeLearnException">The round was not committed, or journal, signatures or files do not hold.</exception>
    public RoundReplayReport ReplayRound(ulong round) => RoundReplay.Run(_parts.Store, _parts.Successor, round);

    /// <summary>
    /// Ends open calls, finishes a result that is being worked out, writes everything, frees folder and port. Rounds go on at the next
    /// start.
    /// </summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
            return;
        _parts.Stop();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _parts.Completion.StopAsync();
        await _parts.Liveness.FlushAsync();
        _parts.Dispose();
    }

    /// <summary>The same as <see cref="StopAsync"/>.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    static WebApplication Build(HubParts parts, HubOptions options)
    {
        WebApplicationOptions web = new() { Args = [], ContentRootPath = parts.Folder.Root };
        var builder = WebApplication.CreateSlimBuilder(web);
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, "");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // A peer that has vanished without a word is noticed, and its call ends.
            kestrel.Limits.Http2.KeepAlivePingDelay = s_pingDelay;
            kestrel.Listen(options.Listen, options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(https =>
                {
                    https.SslProtocols = SslProtocols.Tls13;
                    https.ServerCertificateSelector = (_, _) => parts.Certificate.Current;
                    // Any certificate may connect, since its holder has proven the key and a refusal in words helps more than a broken
                    // handshake; CallAuthentication decides, at every call.
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (_, _, _) => true;
                });
            });
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton(parts.Fleet);
        builder.Services.AddSingleton(parts.Operator);
        builder.Services.AddSingleton(new FaultInterceptor(parts.Log));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = FleetChannel.LargestMessageBytes;
            grpc.Interceptors.Add<FaultInterceptor>();
        });
        var app = builder.Build();
        app.Use((HttpContext http, RequestDelegate next) => parts.Authentication.InvokeAsync(http, next));
        app.MapGrpcService<FleetService>();
        app.MapGrpcService<OperatorService>();
        return app;
    }
}
