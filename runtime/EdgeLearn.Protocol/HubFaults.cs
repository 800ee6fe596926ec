using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace EdgeLearn.Protocol;

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
