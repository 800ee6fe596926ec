using System.Net;
using EdgeLearn.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeLearn.Tests;

/// <summary>A hub in this process, over real sockets and TLS, that does what a test tells it, misbehaviour included.</summary>
sealed class FakeHub : IAsyncDisposable
{
    WebApplication? _app;

    FakeHub(TestFleet fleet) => Script = new HubScript(fleet);

    public HubScript Script { get; }

    public TestFleet Fleet => Script.Fleet;

    public string Address { get; private set; } = "";

    public static async Task<FakeHub> StartAsync(FleetRole serverRole = FleetRole.Hub)
    {
        var hub = new FakeHub(new TestFleet());
        await hub.ListenAsync(0, serverRole);
        return hub;
    }

    public Task StopAsync() => _app!.StopAsync();

    public Task RestartAsync() => ListenAsync(new Uri(Address).Port, FleetRole.Hub);

    public string NewToken(TimeSpan? life = null)
    {
        var token = EnrolmentToken.Create(Address, Fleet.Trust.Fleet, DateTimeOffset.UtcNow + (life ?? TimeSpan.FromHours(1)));
        Script.Tokens[token.Id] = token;
        return token.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        Fleet.Dispose();
    }

    async Task ListenAsync(int port, FleetRole serverRole)
    {
        if (_app is not null) await _app.DisposeAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(Script);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = Fleet.HubCertificate(serverRole);
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (_, _, _) => true;
            });
        }));
        _app = builder.Build();
        _app.MapGrpcService<FakeFleetService>();
        await _app.StartAsync();
        Address = _app.Urls.First();
    }
}
