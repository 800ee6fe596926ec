using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>The calls of boards; <see cref="CallAuthentication"/> has let them in.</summary>
sealed class FleetService(
    FleetTrust trust, Enrolment enrolment, CheckIns checkIns, ArtefactOutlet outlet, ReportIntake intake, RoundBook book, PaceSteering pace)
    : Fleet.FleetBase
{
    public override Task<AuthorityAnswer> Authority(AuthorityRequest request, ServerCallContext context) =>
        Task.FromResult(new AuthorityAnswer { AuthorityCertificate = ByteString.CopyFrom(trust.AuthorityCertificate) });

    public override Task<EnrollAnswer> Enroll(EnrollRequest request, ServerCallContext context) => enrolment.EnrollAsync(request);

    public override Task<RenewAnswer> Renew(RenewRequest request, ServerCallContext context) =>
        enrolment.RenewAsync(CallAuthentication.DeviceOf(context), request);

    public override Task<CheckInAnswer> CheckIn(CheckInRequest request, ServerCallContext context) =>
        checkIns.AnswerAsync(CallAuthentication.DeviceOf(context), request);

    public override Task Fetch(FetchRequest request, IServerStreamWriter<FetchChunk> responseStream, ServerCallContext context) =>
        outlet.SendAsync(CallAuthentication.DeviceOrNull(context), request, responseStream, context.CancellationToken);

    public override async Task<ReportAnswer> Report(ReportRequest request, ServerCallContext context)
    {
        var device = CallAuthentication.DeviceOf(context);
        book.Count(device, request.CalculateSize(), 0);
        var answer = await intake.TakeAsync(device, request);
        answer.ComeBack = pace.Next(book.OpenIn(device.Group) is not null);
        book.Count(device, 0, answer.CalculateSize());
        return answer;
    }
}
