using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
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
