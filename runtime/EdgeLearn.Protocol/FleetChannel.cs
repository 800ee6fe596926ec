using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeLearn.Protocol;

/// <summary>Opens gRPC channels to a hub. A channel connects when it is first used.</summary>
public static class FleetChannel
{
    /// <summary>Largest message that either side accepts.</summary>
    public const int LargestMessageBytes = 4 << 20;

    /// <summary>A channel that trusts one fleet's hub and nobody else.</summary>
    /// <param name="address">https://host:port</param>
    /// <param name="trust">The fleet; must outlive the channel.</param>
    /// <param name="certificate">Certificate with its key; null for Enroll. Must outlive the channel.</param>
    /// <param name="now">The time as far as this side knows it; null or a null answer = unknown, validity dates are not checked.</param>
    public static GrpcChannel Open(string address, FleetTrust trust, X509Certificate2? certificate = null,
        Func<DateTimeOffset?>? now = null) =>
        Open(address, certificate, presented => trust.Fault(presented, FleetRole.Hub, now?.Invoke()) is null);

    /// <summary>
    /// A channel that believes whoever answers. For the call Authority alone: it carries no secret, and its answer is checked against the
    /// token.
    /// </summary>
    public static GrpcChannel OpenUnverified(string address) => Open(address, null, _ => true);

    static GrpcChannel Open(string address, X509Certificate2? certificate, Func<X509Certificate2, bool> isTrusted)
    {
        SslClientAuthenticationOptions tls = new()
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, presented, _, _) => presented is X509Certificate2 leaf && isTrusted(leaf),
        };
        if (certificate is not null)
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        SocketsHttpHandler handler = new()
        {
            SslOptions = tls,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            InitialHttp2StreamWindowSize = 256 << 10,
        };
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LargestMessageBytes,
            MaxSendMessageSize = LargestMessageBytes,
        });
    }
}

/// <summary>What a failed call to a hub means, in one line.</summary>
public static class HubFaults
{
    /// <summary>The hub's own words where it has answered; else what kept the call from reaching it.</summary>
    /// <param name="e">The failed call.</param>
    /// <param name="address">What was dialled.</param>
    public static string Line(RpcException e, string address)
    {
        for (var cause = e.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
                return $"whoever answers at {address} is not the hub of this fleet: its certificate is not by the fleet's authority";
            if (cause is SocketException socket)
            {
                return $"the hub at {address} does not answer ({socket.Message.ReplaceLineEndings(" ")}): is it running, and is the "
                    + $"address right?";
            }
        }
        string detail = e.Status.Detail.ReplaceLineEndings(" ");
        return e.StatusCode switch
        {
            StatusCode.DeadlineExceeded => $"the hub at {address} did not answer in time",
            StatusCode.Cancelled => $"the hub at {address} has stopped",
            StatusCode.Unavailable when e.Status.DebugException is not null =>
                $"the connection to the hub at {address} broke: is it still running?",
            _ => detail.Length > 0 ? detail : e.StatusCode.ToString(),
        };
    }
}
