using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>The hub's own certificate: made anew at every start and every few weeks, since the authority is in the same place.</summary>
sealed class HubCertificate : IDisposable
{
    static readonly TimeSpan s_life = TimeSpan.FromDays(90);
    static readonly TimeSpan s_renewal = TimeSpan.FromDays(30);

    readonly FleetKey _key;
    readonly FleetAuthority _authority;
    readonly HubOptions _options;
    readonly ITimer _timer;
    X509Certificate2 _current;

    /// <param name="key">disposed of with this</param>
    public HubCertificate(FleetKey key, FleetAuthority authority, HubOptions options)
    {
        _key = key;
        _authority = authority;
        _options = options;
        _current = Issue();
        _timer = options.Clock.CreateTimer(_ => Volatile.Write(ref _current, Issue()), null, s_renewal, s_renewal);
    }

    /// <summary>The certificate with its key. Connections hold on to an older one, so none is disposed before the hub.</summary>
    public X509Certificate2 Current => Volatile.Read(ref _current);

    /// <summary>Name or address for others: the one given, else the one listened on, else this machine's name.</summary>
    public static string PublicHost(HubOptions options) => options.PublicHost
        ?? (options.Listen.Equals(IPAddress.Any) || options.Listen.Equals(IPAddress.IPv6Any) ? Dns.GetHostName()
            : options.Listen.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{options.Listen}]" : options.Listen.ToString());

    X509Certificate2 Issue()
    {
        List<string> hosts = ["localhost", "127.0.0.1", "::1", Dns.GetHostName(), PublicHost(_options).Trim('[', ']')];
        try
        {
            foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
            {
                foreach (var address in card.GetIPProperties().UnicastAddresses)
                    hosts.Add(new IPAddress(address.Address.GetAddressBytes()).ToString());
            }
        }
        catch (NetworkInformationException)
        {
            // The names are a courtesy to other tools: boards trust the authority and the role, not the name.
        }
        return _key.With(_authority.IssueHub(_key, hosts, _options.Clock.GetUtcNow(), s_life));
    }

    public void Dispose()
    {
        _timer.Dispose();
        _current.Dispose();
        _key.Dispose();
    }
}
