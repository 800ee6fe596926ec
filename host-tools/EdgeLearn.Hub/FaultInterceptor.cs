using EdgeLearn.Protocol;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EdgeLearn.Hub;

/// <summary>Turns what goes wrong inside a call into a status with one line, and tells the log about what should not happen.</summary>
sealed class FaultInterceptor(Action<string> log) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        => GuardAsync(() => continuation(request, context), context);

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
        => GuardAsync(() => continuation(requestStream, context), context);

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
        => GuardAsync(async () =>
        {
            await continuation(request, responseStream, context);
            return true;
        }, context);

    async Task<T> GuardAsync<T>(Func<Task<T>> call, ServerCallContext context)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    RpcException Translate(Exception e, ServerCallContext context)
    {
        if (e is OperationCanceledException)
            return Fault.Of(StatusCode.Cancelled, "the call was given up");
        if (e is EdgeLearnException)
            return Fault.Failed(e.Message);
        log($"{context.Method} failed: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        return e is IOException or UnauthorizedAccessException
            ? Fault.Of(StatusCode.Unavailable, "the hub's disk does not answer as it should: see its log")
            : Fault.Of(StatusCode.Internal, "the hub failed: see its log");
    }
}

/// <summary>Refusals of calls, as a status with one line.</summary>
static class Fault
{
    public static RpcException Of(StatusCode code, string detail) => new(new Status(code, detail));

    /// <summary>The request is wrong by itself.</summary>
    public static RpcException Invalid(string detail) => Of(StatusCode.InvalidArgument, detail);

    /// <summary>The request does not fit how things are now.</summary>
    public static RpcException Failed(string detail) => Of(StatusCode.FailedPrecondition, detail);
}
