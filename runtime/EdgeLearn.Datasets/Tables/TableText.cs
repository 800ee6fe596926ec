using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace EdgeLearn.Datasets;

/// <summary>
/// The text of a table as a stream of whole lines, in bounded memory: checks that it is UTF-8 and that quotes are those of RFC 4180, and
/// leaves out what is no text of a table, a byte order mark, NUL bytes with the torn line before them, and a last line that is not whole.
/// A small gzip file may expand to a line, or a quoted cell, without end: both are refused.
/// </summary>
sealed class TableText : ReadOnlyStream
{
    /// <summary>Most bytes of a line, and of a quoted cell: above 100,000 columns.</summary>
    public const int LongestLineBytes = 1 << 20;

    const int FirstBufferBytes = 1 << 16;

    static readonly SearchValues<byte> s_besideQuotes = SearchValues.Create(",;|\t \r\n"u8);

    readonly Stream _inner;
    readonly string _name;
    readonly long _limitBytes;
    readonly bool _wholeLinesOnly;
    byte[] _buffer = new byte[FirstBufferBytes];
    int _begin; // handed out up to here
    int _ready; // whole lines end here
    int _scanned; // quotes and lines are known up to here
    int _end; // read up to here
    byte _newline = (byte)'\n';
    bool _isStart = true;
    bool _isEnd;
    bool _inQuote;
    long _line = 1; // of the byte at _scanned
    long _quoteLine;
    bool _endsWithNul;
    bool _collapsesBlanks;

    /// <summary>Reads a text.</summary>
    /// <param name="inner">its bytes, expanded; disposed of with this</param>
    /// <param name="name">what the user calls it</param>
    /// <param name="limitBytes">most bytes of the whole</param>
    /// <param name="wholeLinesOnly">whether a last line without a line break is being written and does not count</param>
    public TableText(Stream inner, string name, long limitBytes, bool wholeLinesOnly = false)
    {
        _inner = inner;
        _name = name;
        _limitBytes = limitBytes;
        _wholeLinesOnly = wholeLinesOnly;
    }

    /// <summary>Bytes read so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the last line of all ends with a line break; known at the end.</summary>
    public bool EndsWithNewline { get; private set; } = true;

    /// <summary>Runs of NUL bytes that were left out, each with the line before it, up to now.</summary>
    public int NulRuns { get; private set; }

    /// <summary>Whether a last line was left out because it breaks off, up to now.</summary>
    public bool HasBrokenEnd { get; private set; }

    public override long Position
    {
        get => Bytes;
        set => throw new NotSupportedException();
    }

    /// <summary>The whole lines that come next, without taking them; empty at the end.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (_begin == _ready && !_isEnd) Fill();
        return _buffer.AsSpan(_begin, _ready - _begin);
    }

    /// <summary>Takes some of the bytes that <see cref="Peek"/> showed.</summary>
    public void Skip(int count) => _begin += count;

    /// <summary>From here on runs of blanks become one tab, and those at the ends of lines nothing.</summary>
    public void SeparateByBlanks()
    {
        _collapsesBlanks = true;
        CollapseBlanks();
    }

    public override int Read(Span<byte> destination)
    {
        if (_begin == _ready && !_isEnd) Fill();
        int count = Math.Min(destination.Length, _ready - _begin);
        _buffer.AsSpan(_begin, count).CopyTo(destination);
        _begin += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }

    // Reads until at least one more line is whole, or the end is reached.
    void Fill()
    {
        _buffer.AsSpan(_ready, _end - _ready).CopyTo(_buffer);
        (_begin, _end, _scanned) = (0, _end - _ready, _scanned - _ready);
        _ready = 0;
        long firstLine = _line;
        while (_ready == 0 && !_isEnd)
        {
            if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
            int from = _end;
            int count = ReadInner(_buffer.AsSpan(from));
            _end += count;
            _isEnd = count == 0;
            if (_isStart && count > 0) Start();
            if (from < _end) RemoveNuls(from);
            Scan();
            if (_ready == 0 && _end > LongestLineBytes) throw TooLong();
        }

        if (_isEnd) TakeEnd();
        CheckUtf8(firstLine);
        if (_collapsesBlanks) CollapseBlanks();
    }

    // At the beginning of the text: its mark, its kind of line break.
    void Start()
    {
        while (_end < 4 && ReadInner(_buffer.AsSpan(_end)) is > 0 and var more) _end += more;
        _isStart = false;
        var start = _buffer.AsSpan(0, _end);
        if (start.StartsWith("\uFEFF"u8))
        {
            start[3..].CopyTo(_buffer);
            _end -= 3;
        }
        else if (start is [0xFF, 0xFE, 0, 0, ..] or [0, 0, 0xFE, 0xFF, ..])
        {
            throw new EdgeLearnException($"{_name} is UTF-32; expected UTF-8: save it again as CSV UTF-8, or use iconv -f utf-32 -t utf-8");
        }
        else if (start is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, ..])
        {
            throw new EdgeLearnException($"{_name} is UTF-16; expected UTF-8: save it again as CSV UTF-8, or use iconv -f utf-16 -t utf-8");
        }

        start = _buffer.AsSpan(0, _end);
        if (!start.Contains((byte)'\n') && start.Contains((byte)'\r')) _newline = (byte)'\r';
    }

    // After a power cut a file may hold zeros in place of what was not yet on the disk: they and the line that they tear go.
    void RemoveNuls(int from)
    {
        while (_buffer.AsSpan(from, _end - from).IndexOf((byte)0) is >= 0 and var at)
        {
            int first = from + at, last = first + 1;
            while (last < _end && _buffer[last] == 0) last++;
            if (at > 0 || !_endsWithNul) NulRuns++;
            _endsWithNul = last == _end;
            int line = _buffer.AsSpan(_ready, first - _ready).LastIndexOf(_newline) + 1 + _ready;
            _buffer.AsSpan(last, _end - last).CopyTo(_buffer.AsSpan(line));
            _end -= last - line;
            if (_scanned > line) (_scanned, _inQuote) = (line, false);
            if (_endsWithNul) return;
            from = line;
        }

        _endsWithNul = false;
    }

    // Follows quotes and line breaks through what is new, and moves the end of the whole lines.
    void Scan()
    {
        while (_scanned < _end)
        {
            var rest = _buffer.AsSpan(_scanned, _end - _scanned);
            int quote = rest.IndexOf((byte)'"');
            if (quote != 0) TakeLines(quote < 0 ? rest : rest[..quote]);
            else if (!TakeQuote(rest)) return;
        }
    }

    // False where it takes the next byte to know what the quote means.
    bool TakeQuote(ReadOnlySpan<byte> rest)
    {
        if (!_inQuote)
        {
            if (_scanned > 0 && !s_besideQuotes.Contains(_buffer[_scanned - 1]))
            {
                throw new EdgeLearnException($"{_name}, line {_line}: a quote inside a cell that does not begin with one; put the cell "
                    + $"in quotes and write the quote twice");
            }
            (_inQuote, _quoteLine) = (true, _line);
            _scanned++;
            return true;
        }

        if (rest.Length == 1 && !_isEnd) return false;
        bool isDoubled = rest.Length > 1 && rest[1] == '"';
        if (!isDoubled && rest.Length > 1 && !s_besideQuotes.Contains(rest[1]))
            throw new EdgeLearnException($"{_name}, line {_line}: text follows a closing quote; within quotes write a quote twice");
        _inQuote = isDoubled;
        _scanned += isDoubled ? 2 : 1;
        return true;
    }

    // Bytes without a quote.
    void TakeLines(ReadOnlySpan<byte> plain)
    {
        _line += plain.Count(_newline);
        int last = plain.LastIndexOf(_newline);
        if (last >= 0 && !_inQuote) _ready = _scanned + last + 1;
        _scanned += plain.Length;
    }

    // The last line of all may have no line break, or break off.
    void TakeEnd()
    {
        EndsWithNewline = _ready == _end;
        if (EndsWithNewline) return;
        if (_inQuote && _quoteLine < _line) throw Unended();
        HasBrokenEnd = _inQuote || _wholeLinesOnly || !Utf8.IsValid(_buffer.AsSpan(_ready, _end - _ready));
        if (!HasBrokenEnd) _ready = _end;
        else _end = _ready;
    }

    EdgeLearnException Unended() => new($"{_name}: the quote of line {_quoteLine} does not end");

    EdgeLearnException TooLong() => _inQuote
        ? Unended()
        : new($"{_name}: line {_line} is longer than {LongestLineBytes} bytes; is it a csv?");

    void CheckUtf8(long firstLine)
    {
        var text = _buffer.AsSpan(0, _ready);
        if (Utf8.IsValid(text)) return;
        int at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out int length) == OperationStatus.Done) at += length;
        long line = firstLine + text[..at].Count(_newline);
        int column = at - (text[..at].LastIndexOf(_newline) + 1) + 1;
        throw new EdgeLearnException($"{_name}, line {line}: byte {column} is 0x{text[at]:X2}, which is not UTF-8; save the file as UTF-8, "
            + $"for example with iconv -f windows-1252 -t utf-8");
    }

    void CollapseBlanks()
    {
        int to = _begin + BlankRuns.Collapse(_buffer.AsSpan(_begin, _ready - _begin));
        // What waits behind the whole lines moves up to them.
        _buffer.AsSpan(_ready, _end - _ready).CopyTo(_buffer.AsSpan(to));
        int removed = _ready - to;
        (_ready, _end, _scanned) = (to, _end - removed, _scanned - removed);
    }

    int ReadInner(Span<byte> buffer)
    {
        try
        {
            int count = _inner.Read(buffer);
            Bytes += count;
            return Bytes <= _limitBytes
                ? count
                : throw new EdgeLearnException($"{_name} is larger than {_limitBytes} bytes when expanded");
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw GzipFile.Damaged(_name, e);
        }
    }
}
