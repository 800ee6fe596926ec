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
    const int SchemaVersion = 2;
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
            _writer.Execute("BEGIN IMMEDIATE");
            foreach (var change in batch)
            {
                _writer.Execute("SAVEPOINT change");
                try
                {
                    change.Apply(_writer);
                    applied.Add(change);
                }
                catch (Exception e)
                {
                    _writer.Execute("ROLLBACK TO change");
                    change.Fail(e is SqliteException { SqliteErrorCode: not ConstraintViolation } fault ? Failure(fault) : e);
                }
                _writer.Execute("RELEASE change");
            }
            _writer.Execute("COMMIT");
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
            _writer.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, as it does when the disk is full.
        }
    }

    static SqliteConnection Open(string path)
    {
        SqliteConnection connection = new(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, ForeignKeys = true }.ToString());
        try
        {
            connection.Open();
            connection.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;");
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
        long found = _writer.Number("PRAGMA user_version");
        if (found == SchemaVersion)
            return;
        if (found == 1)
        {
            _writer.Execute($"BEGIN; {TelemetryTable.Second} PRAGMA user_version = {SchemaVersion}; COMMIT");
            return;
        }
        if (found != 0)
        {
            throw new EdgeLearnException($"{path}: the hub's database has schema {found}, this program knows {SchemaVersion}: use the "
                + $"program that wrote it");
        }
        string tables = DeviceTable.Schema + TokenTable.Schema + ArtefactTable.Schema + RoundJournal.Schema + TelemetryTable.Schema;
        _writer.Execute($"BEGIN; {tables} PRAGMA user_version = {SchemaVersion}; COMMIT");
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

/// <summary>Short forms for statements with parameters.</summary>
static class Sql
{
    /// <summary>Runs a statement; returns the number of rows that it changed.</summary>
    public static int Execute(this SqliteConnection db, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(db, sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>Runs a query and reads every row.</summary>
    public static List<T> Query<T>(this SqliteConnection db, string sql, Func<SqliteDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(db, sql, parameters);
        using var reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>A count or a number; 0 where there is no row.</summary>
    public static long Number(this SqliteConnection db, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(db, sql, parameters);
        return command.ExecuteScalar() is long number ? number : 0;
    }

    /// <summary>A column of bytes.</summary>
    public static byte[] Bytes(this SqliteDataReader reader, int column) => reader.GetFieldValue<byte[]>(column);

    /// <summary>A column that holds a digest, or nothing.</summary>
    public static Digest Digest(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? default : new Digest(reader.GetFieldValue<byte[]>(column));

    static SqliteCommand Command(SqliteConnection db, string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = db.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
