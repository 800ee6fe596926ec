using System.Net.Sockets;
using System.Security.Authentication;
using EdgeLearn.Protocol;
using Grpc.Core;

namespace EdgeLearn.Device;

/// <summary>
/// The hub will have nothing to do with this board any more: revoked, or its certificate is not accepted. The message is one line.
/// </summary>
sealed class BoardRefusedException(string message, Exception inner) : Exception(message, inner);

/// <summary>The hub refuses this one request; others may do. The message is one line.</summary>
sealed class RequestRefusedException(string message, Exception inner) : Exception(message, inner);

/// <summary>What a failed call means to a board.</summary>
static class FleetFault
{
    /// <summary>Translates a failed call of an enrolled board.</summary>
    public static Exception Of(RpcException e, string address) => e.StatusCode switch
    {
        StatusCode.PermissionDenied => new BoardRefusedException($"the hub refuses this board: {Detail(e)}", e),
        StatusCode.Unauthenticated =>
            new BoardRefusedException($"the hub refuses this board's certificate: {Detail(e)}; start it with a new token to enrol it again",
            e),
        StatusCode.NotFound or StatusCode.OutOfRange or StatusCode.InvalidArgument =>
            new RequestRefusedException($"the hub at {address} refuses the request: {Detail(e)}", e),
        _ => Connection(e, address),
    };

    /// <summary>Translates a failed call of enrolment.</summary>
    public static Exception OfEnrolment(RpcException e, EnrolmentToken token) => e.StatusCode switch
    {
        StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.InvalidArgument =>
            new EdgeLearnException($"the hub at {token.Address} refuses the enrolment: {Detail(e)}", e),
        _ => Connection(e, token.Address),
    };

    static HubAwayException Connection(RpcException e, string address)
    {
        if (Find<AuthenticationException>(e) is not null)
        {
            return new HubAwayException($"the server at {address} is not this fleet's hub, or its certificate is not valid now", e,
                suspect: true);
        }
        string text = Detail(e);
        // A hub that ends the connection after TLS 1.3 asked for a certificate looks like this on the client.
        if (text.Contains("HTTP/2 handshake", StringComparison.OrdinalIgnoreCase))
            return new HubAwayException($"the hub at {address} refuses this certificate", e, suspect: true);
        if (Find<SocketException>(e) is { } socket) text = socket.Message;
        return new HubAwayException($"the hub at {address} is away ({text})", e);
    }

    static string Detail(RpcException e) => e.Status.Detail.ReplaceLineEndings(" ").Trim();

    static T? Find<T>(RpcException e)
        where T : Exception
    {
        for (var inner = e.Status.DebugException ?? e.InnerException; inner is not null; inner = inner.InnerException)
            if (inner is T found) return found;
        return null;
    }
}

/// <summary>The hub did not answer: wait and try again. The message is one line.</summary>
/// <param name="message">one line</param>
/// <param name="inner">what happened</param>
/// <param name="suspect">see <see cref="Suspect"/></param>
sealed class HubAwayException(string message, Exception inner, bool suspect = false) : Exception(message, inner)
{
    /// <summary>Somebody answered, but not this fleet's hub, or it refuses the board's certificate: waiting may not help.</summary>
    public bool Suspect => suspect;
}

/// <summary>
/// This board's disk has no room or does not take what is written, which says nothing of the model: it may be stored another time. The
/// message is one line.
/// </summary>
sealed class DiskRefusedException(string message, Exception? inner = null) : Exception(message, inner);
