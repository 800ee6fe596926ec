using EdgeLearn.Protocol;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace EdgeLearn.Hub;

/// <summary>Turns what goes wrong inside a call into a status with one line, and tells the log about what should not happen.</summary>
sealed class FaultInterceptor(Action<string> log) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    RpcException Translate(Exception e, ServerCallContext context)
    {
        if (e is OperationCanceledException)
            return new RpcException(new Status(StatusCode.Cancelled, "the call was given up"));
        if (e is EdgeLearnException)
            return new RpcException(new Status(StatusCode.FailedPrecondition, e.Message));
        log($"{context.Method} failed: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
        return e is IOException or UnauthorizedAccessException
            ? new RpcException(new Status(StatusCode.Unavailable, "the hub's disk does not answer as it should: see its log"))
            : new RpcException(new Status(StatusCode.Internal, "the hub failed: see its log"));
    }
}
