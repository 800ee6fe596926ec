using System.Collections.Concurrent;
using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

/// <summary>
/// The hub's database: SQLite with a write-ahead log, flushed at every commit. One thread writes; what waits while it flushes shares the
/// next flush, so that many boards at once cost few flushes. A write is durable when its task completes.
/// </summary>
sealed class FleetStore : IDisposable
{
    const int SchemaVersion = 1;
    const int LargestBatch = 1000;
    const int ConstraintViolation = 19;

    readonly BlockingCollection<Pending> _queue = [];
    readonly SqliteConnection _writer;
    readonly SqliteConnection _reader;
    readonly Lock _reading = new();
    readonly Thread _thread;

    public FleetStore(string path)
    {
        _writer = Open(path);
        try
        {
            _reader = Open(path);
            Migrate(path);
        }
        catch
        {
            _reader?.Dispose();
            _writer.Dispose();
            throw;
        }
        _thread = new Thread(WriteAll) { IsBackground = true, Name = "fleet store" };
        _thread.Start();
    }

    /// <summary>Runs a change in the next transaction; completes when it is on the disk. A change that throws is undone alone.</summary>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> change)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        T result = default!;
        try
        {
            _queue.Add(new Pending(db => result = change(db), () => done.SetResult(result), e => done.SetException(e)));
        }
        catch (InvalidOperationException)
        {
            done.SetException(new IOException("the hub is stopping"));
        }
        return done.Task;
    }

    /// <summary>Runs a change without a result.</summary>
    public Task WriteAsync(Action<SqliteConnection> change) => WriteAsync(db =>
    {
        change(db);
        return true;
    });

    /// <summary>Reads what is committed.</summary>
    public T Read<T>(Func<SqliteConnection, T> query)
    {
        lock (_reading)
            return query(_reader);
    }

    /// <summary>Writes what waits, then closes the database.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        lock (_reading)
            _reader.Dispose();
        _writer.Dispose();
        _queue.Dispose();
    }

    void WriteAll()
    {
        List<Pending> batch = [];
        while (_queue.TryTake(out var first, Timeout.Infinite))
        {
            batch.Add(first);
            while (batch.Count < LargestBatch && _queue.TryTake(out var next))
                batch.Add(next);
            Write(batch);
            batch.Clear();
        }
    }

    void Write(List<Pending> batch)
    {
        List<Pending> applied = [];
        try
        {
            Execute("BEGIN IMMEDIATE");
            foreach (var change in batch)
            {
                Execute("SAVEPOINT change");
                try
                {
                    change.Apply(_writer);
                    applied.Add(change);
                }
                catch (Exception e)
                {
                    Execute("ROLLBACK TO change");
                    change.Fail(e is SqliteException { SqliteErrorCode: not ConstraintViolation } fault ? Failure(fault) : e);
                }
                Execute("RELEASE change");
            }
            Execute("COMMIT");
        }
        catch (SqliteException e)
        {
            Rollback();
            foreach (var change in batch)
                change.Fail(Failure(e));
            return;
        }
        foreach (var change in applied)
            change.Succeed();
    }

    static IOException Failure(SqliteException e) => new($"the hub's database cannot be written: {e.Message}", e);

    void Rollback()
    {
        try
        {
            Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, as it does when the disk is full.
        }
    }

    void Execute(string sql)
    {
        using var command = _writer.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    static SqliteConnection Open(string path)
    {
        SqliteConnection connection = new(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, ForeignKeys = true }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;";
            command.ExecuteNonQuery();
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new EdgeLearnException($"{path}: the hub's database cannot be opened ({e.Message}): put a copy of the whole folder "
                + $"back, or start a new fleet in an empty folder", e);
        }
    }

    void Migrate(string path)
    {
        using var version = _writer.CreateCommand();
        version.CommandText = "PRAGMA user_version";
        long found = (long)version.ExecuteScalar()!;
        if (found == SchemaVersion)
            return;
        if (found != 0)
        {
            throw new EdgeLearnException($"{path}: the hub's database has schema {found}, this program knows {SchemaVersion}: use the "
                + $"program that wrote it");
        }
        Execute("BEGIN");
        foreach (string sql in (string[])[DeviceTable.Schema, TokenTable.Schema, ArtefactTable.Schema, RoundJournal.Schema,
            TelemetryTable.Schema])
        {
            Execute(sql);
        }
        Execute($"PRAGMA user_version = {SchemaVersion}");
        Execute("COMMIT");
    }

    sealed class Pending(Action<SqliteConnection> apply, Action succeed, Action<Exception> fail)
    {
        bool _failed;

        public void Apply(SqliteConnection connection) => apply(connection);

        public void Succeed() => succeed();

        public void Fail(Exception e)
        {
            if (_failed)
                return;
            _failed = true;
            fail(e);
        }
    }
}
