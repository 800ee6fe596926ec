using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace EdgeLearn.Hub;

/// <summary>
/// Decides for every call who calls, before anything else looks at it: Authority and Enroll are open, all else needs a certificate of this
/// fleet and its role. TLS has proven that the caller has the certificate's key. Revocation is looked up at every call, so that it holds at
/// once, on open connections too.
/// </summary>
sealed class CallAuthentication(FleetStore store, FleetTrust trust, TimeProvider clock)
{
    const string FleetPath = "/edgelearn.fleet.v1.Fleet/";
    const string OperatorPath = "/edgelearn.fleet.v1.Operator/";

    static readonly object s_device = new();

    readonly ConditionalWeakTable<X509Certificate2, Verdict> _verdicts = [];

    /// <summary>The board that calls; set for the calls of boards.</summary>
    public static DeviceRow DeviceOf(ServerCallContext context) => (DeviceRow)context.GetHttpContext().Items[s_device]!;

    /// <summary>The board that calls, or null when it is the operator.</summary>
    public static DeviceRow? DeviceOrNull(ServerCallContext context) => context.GetHttpContext().Items[s_device] as DeviceRow;

    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var status = Admit(http);
        return status.StatusCode == StatusCode.OK ? next(http) : RefuseAsync(http, status);
    }

    Status Admit(HttpContext http)
    {
        string path = http.Request.Path.Value ?? "";
        if (path is FleetPath + "Authority" or FleetPath + "Enroll")
            return Status.DefaultSuccess;
        bool operators = path.StartsWith(OperatorPath, StringComparison.Ordinal);
        if (!operators && !path.StartsWith(FleetPath, StringComparison.Ordinal))
            return new Status(StatusCode.Unimplemented, "there is no such call");
        if (http.Connection.ClientCertificate is not { } certificate)
            return new Status(StatusCode.Unauthenticated, "this call needs a certificate of the fleet: enrol first");
        var verdict = _verdicts.GetValue(certificate, Judge);
        if (verdict.Fault is { } fault)
            return new Status(StatusCode.Unauthenticated, fault);
        if (clock.GetUtcNow() > verdict.NotAfter)
            return new Status(StatusCode.Unauthenticated, $"the certificate has expired on {verdict.NotAfter:u}: renew it, or enrol again");
        if (verdict.Role == FleetRole.Operator)
        {
            return operators || path == FleetPath + "Fetch"
                ? Status.DefaultSuccess
                : new Status(StatusCode.PermissionDenied, "this call is for boards");
        }
        if (verdict.Role != FleetRole.Device || operators)
            return new Status(StatusCode.PermissionDenied, "this call is for the operator");
        if (DeviceRow.IdOf(verdict.Name) is not { } id || store.Read(db => DeviceTable.Find(db, id)) is not { } device)
            return new Status(StatusCode.Unauthenticated, $"the hub does not know the board {verdict.Name}: enrol again");
        if (device.RevokedReason is { } reason)
        {
            return new Status(StatusCode.PermissionDenied,
                $"the board {verdict.Name} was revoked{(reason.Length > 0 ? $": {reason}" : "")}");
        }
        http.Items[s_device] = device;
        return Status.DefaultSuccess;
    }

    Verdict Judge(X509Certificate2 certificate)
    {
        if (FleetTrust.RoleOf(certificate) is not { } claim)
            return new Verdict("the certificate is of another fleet: this fleet's authority did not issue it", default, "", default);
        // Validity dates are looked at by every call on their own, so that a connection cannot outlive its certificate.
        string? fault = trust.Fault(certificate, claim.Role, null);
        if (fault is null && clock.GetUtcNow() < new DateTimeOffset(certificate.NotBefore))
            fault = $"the certificate is not valid before {certificate.NotBefore:u}";
        return new Verdict(fault, claim.Role, claim.Name, new DateTimeOffset(certificate.NotAfter));
    }

    static Task RefuseAsync(HttpContext http, Status status)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)status.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString(status.Detail);
        return Task.CompletedTask;
    }

    sealed record Verdict(string? Fault, FleetRole Role, string Name, DateTimeOffset NotAfter);
}
