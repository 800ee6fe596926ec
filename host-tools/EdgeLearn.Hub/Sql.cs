using EdgeLearn.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeLearn.Hub;

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
