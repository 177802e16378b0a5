"""HTTP/1 on raw sockets, read strictly: what Sluice sends is checked, never forgiven.

Conn is a socket with a buffer, for both sides: a test's clients and its origins. Request and Response are what
it reads, and Response is also what a scripted origin answers with.
"""

import json
import re
import select
import socket
import struct
import time

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
STATUS_LINE = re.compile(rb"HTTP/(\d)\.(\d) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?\Z")
REQUEST_LINE = re.compile(rb"([!-~]+) ([!-\xff]+) HTTP/(\d)\.(\d)\Z")


class BadMessage(AssertionError):
    """The peer broke the protocol."""


class Closed(ConnectionError):
    """The peer closed, or reset, before the message was complete."""


def to_bytes(data):
    return data.encode("latin-1") if isinstance(data, str) else bytes(data)


class Fields(list):
    """Ordered (name, value) pairs, as they stood on the wire; looked up without regard to case."""

    def __init__(self, pairs=()):
        super().__init__(pairs.items() if isinstance(pairs, dict) else pairs or ())

    def all(self, name):
        return [v for n, v in self if n.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return ", ".join(values) if values else default

    def __contains__(self, name):
        return bool(self.all(name)) if isinstance(name, str) else super().__contains__(name)

    def __getitem__(self, key):
        if isinstance(key, str):
            value = self.get(key)
            if value is None:
                raise KeyError("no field %r in %r" % (key, list(self)))
            return value
        return super().__getitem__(key)

    def dump(self):
        return b"".join(to_bytes(n) + b": " + to_bytes(v) + b"\r\n" for n, v in self)


class Request:
    """method, target, version, headers, body, trailers; raw is every byte of it; conn is where it came from."""

    method = target = version = None
    headers = trailers = Fields()
    body = raw = b""
    chunks = None
    conn = None

    def __repr__(self):
        return "<Request %s %s %r>" % (self.method, self.target, list(self.headers))


class Response:
    """As parsed by a client, or as an origin gives it.

    For an origin: a body of bytes gets a Content-Length; any other iterable is sent chunk by chunk as it comes
    (chunked=True does so to bytes too); close=True sends it to the end of the connection.
    """

    def __init__(self, status=200, headers=(), body=b"", reason=None, trailers=(), chunked=False, close=False,
                 version="HTTP/1.1"):
        self.status, self.reason, self.version = status, reason, version
        self.headers, self.trailers = Fields(headers), Fields(trailers)
        self.body = to_bytes(body) if isinstance(body, str) else body
        self.chunked, self.close = chunked, close
        self.interim = []  # 1xx responses that came before
        self.chunks = None  # sizes of the chunks as they came, None when not chunked
        self.raw = b""

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "<Response %s %r %r>" % (self.status, list(self.headers), self.body[:200])

    def write(self, conn, head_only=False):
        streamed = not isinstance(self.body, (bytes, bytearray))
        chunked = (self.chunked or streamed) and not self.close
        head = to_bytes("%s %d %s\r\n" % (self.version, self.status, self.reason or "Scripted")) + self.headers.dump()
        bodiless = self.status < 200 or self.status in (204, 304)
        if not bodiless and "content-length" not in self.headers and "transfer-encoding" not in self.headers:
            if chunked:
                head += b"Transfer-Encoding: chunked\r\n"
            elif not self.close:
                head += b"Content-Length: %d\r\n" % len(self.body)
        if self.close and "connection" not in self.headers:
            head += b"Connection: close\r\n"
        head += b"\r\n"
        if head_only or bodiless:
            conn.send(head)
        elif not streamed and not chunked:
            conn.send(head + self.body)
        else:
            conn.send(head)
            for part in [self.body] if not streamed else self.body:
                part = to_bytes(part)
                if part:
                    conn.send(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            if chunked:
                conn.send(b"0\r\n" + self.trailers.dump() + b"\r\n")


class Conn:
    """A connected socket; every read has a deadline, so that a test ends in words and not in a hang."""

    def __init__(self, sock, timeout=10.0):
        self.sock, self.timeout = sock, timeout
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()  # read from the socket and not yet consumed
        self.received = bytearray()  # everything that ever came
        self.methods = []  # of the requests sent, to know which responses have no body
        self.eof = False
        self.was_reset = False

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # -- bytes ----------------------------------------------------------------------------------------

    def send(self, *parts):
        self.sock.settimeout(self.timeout)
        self.sock.sendall(b"".join(map(to_bytes, parts)))

    def send_slowly(self, data, pause=0.01, size=1):
        data = to_bytes(data)
        for i in range(0, len(data), size):
            self.send(data[i:i + size])
            time.sleep(pause)

    def fill(self, timeout=None):
        """Reads once. False at the end of the stream; raises TimeoutError when nothing comes."""
        if self.eof:
            return False
        self.sock.settimeout(self.timeout if timeout is None else max(timeout, 0.001))
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            self.was_reset, data = True, b""
        except TimeoutError:
            raise TimeoutError("nothing came within %.1f s; so far: %r" % (
                self.sock.gettimeout(), bytes(self.received[-300:]))) from None
        self.buffer += data
        self.received += data
        self.eof = not data
        return bool(data)

    def _more(self, what):
        if not self.fill():
            raise Closed("%s while reading %s; so far: %r" % (
                "reset" if self.was_reset else "closed", what, bytes(self.buffer[-300:])))

    def read_exact(self, count):
        while len(self.buffer) < count:
            self._more("%d bytes" % count)
        data, self.buffer = bytes(self.buffer[:count]), self.buffer[count:]
        return data

    def read_until(self, mark):
        mark = to_bytes(mark)
        while mark not in self.buffer:
            self._more("up to %r" % mark)
        return self.read_exact(self.buffer.index(mark) + len(mark))

    def read_until_close(self, timeout=None):
        """All that comes until the peer closes (or resets: see was_reset)."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while self.fill(end - time.monotonic()):
            pass
        data, self.buffer = bytes(self.buffer), bytearray()
        return data

    def closed_within(self, timeout):
        """True when the peer closes or resets within that time, whatever it sends before."""
        try:
            self.read_until_close(timeout)
        except TimeoutError:
            return False
        return True

    def silent_for(self, seconds):
        """True when neither a byte nor an end comes for that long."""
        return not self.buffer and not self.eof and not select.select([self.sock], [], [], seconds)[0]

    def shutdown_write(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with RST."""
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.close()

    def close(self):
        self.sock.close()

    # -- messages -------------------------------------------------------------------------------------

    def request(self, method="GET", target="/", headers=(), body=None, host="localhost", version="HTTP/1.1"):
        """Sends a correct request; for any other there is send()."""
        fields = Fields(headers)
        head = "%s %s %s\r\n" % (method, target, version)
        if host is not None and "host" not in fields:
            head += "Host: %s\r\n" % host
        if body is not None and "content-length" not in fields and "transfer-encoding" not in fields:
            head += "Content-Length: %d\r\n" % len(to_bytes(body))
        self.methods.append(method)
        self.send(head, fields.dump(), "\r\n", body or b"")

    def read_response(self, method=None, interim=False):
        """The next response, its 1xx ones in .interim (interim=True returns the first of those instead)."""
        if method is None:
            method = self.methods.pop(0) if self.methods else "GET"
        before, seen = [], bytearray()
        while True:
            r = Response()
            line, r.headers, raw = self._read_head("a response")
            seen += raw
            match = STATUS_LINE.match(line)
            if not match:
                raise BadMessage("bad status line %r" % line)
            r.version = "HTTP/%s.%s" % (match[1].decode(), match[2].decode())
            r.status, r.reason = int(match[3]), (match[4] or b"").decode("latin-1")
            if r.status >= 200 or r.status == 101 or interim:
                break
            before.append(r)
        r.interim = before
        if r.status < 200 or r.status in (204, 304):
            if r.status not in (304,) and ("transfer-encoding" in r.headers or "content-length" in r.headers):
                raise BadMessage("a %d with a body's framing: %r" % (r.status, list(r.headers)))
            has_body = False
        else:
            has_body = method != "HEAD" and not (method == "CONNECT" and r.status < 300)
        if has_body:
            seen += self._read_body(r, to_close=True)
        else:
            self._framing(r)  # checked all the same
        r.raw = bytes(seen)
        return r

    def read_request(self):
        """The next request, or None when the peer closed before it began."""
        while not self.buffer:
            if not self.fill():
                return None
        q = Request()
        line, q.headers, head = self._read_head("a request")
        match = REQUEST_LINE.match(line)
        if not match:
            raise BadMessage("bad request line %r" % line)
        q.method, q.target = match[1].decode("latin-1"), match[2].decode("latin-1")
        q.version = "HTTP/%s.%s" % (match[3].decode(), match[4].decode())
        if q.headers.get("expect", "").lower() == "100-continue":
            self.send("HTTP/1.1 100 Continue\r\n\r\n")
        q.raw, q.conn = head + self._read_body(q, to_close=False), self
        return q

    def _read_head(self, what):
        raw = self.read_until("\r\n\r\n")
        if re.search(rb"(?<!\r)\n|\r(?!\n)|\0", raw):
            raise BadMessage("bare CR, LF or NUL in the head of %s: %r" % (what, raw))
        lines = raw[:-4].split(b"\r\n")
        return lines[0], self._parse_fields(lines[1:]), raw

    def _parse_fields(self, lines):
        fields = Fields()
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.match(name):
                raise BadMessage("bad field line %r" % line)
            fields.append((name.decode(), value.strip(b" \t").decode("latin-1")))
        return fields

    def _framing(self, message):
        lengths, codings = message.headers.all("content-length"), message.headers.all("transfer-encoding")
        if lengths and codings:
            raise BadMessage("both Content-Length and Transfer-Encoding")
        if len(lengths) > 1 or (lengths and not re.match(r"\d+\Z", lengths[0])):
            raise BadMessage("bad Content-Length %r" % lengths)
        if codings and [c.lower() for c in codings] != ["chunked"]:
            raise BadMessage("bad Transfer-Encoding %r" % codings)
        return int(lengths[0]) if lengths else "chunked" if codings else None

    def _read_body(self, message, to_close):
        """Fills in the body; returns it as it stood on the wire."""
        framing = self._framing(message)
        if framing == "chunked":
            return self._read_chunked(message)
        if framing is not None:
            message.body = self.read_exact(framing)
        elif to_close:
            message.body = self.read_until_close()
        return message.body

    def _read_chunked(self, message):
        raw, body, message.chunks = bytearray(), bytearray(), []
        while True:
            line = self.read_until("\r\n")
            raw += line
            match = re.match(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n\Z", line)
            if not match:
                raise BadMessage("bad chunk size line %r" % line)
            size = int(match[1], 16)
            if size == 0:
                break
            data = self.read_exact(size + 2)
            raw += data
            if data[-2:] != b"\r\n":
                raise BadMessage("a chunk of %d ends with %r" % (size, data[-2:]))
            body += data[:-2]
            message.chunks.append(size)
        trailer_lines = []
        while True:
            line = self.read_until("\r\n")
            raw += line
            if line == b"\r\n":
                break
            trailer_lines.append(line[:-2])
        message.body, message.trailers = bytes(body), self._parse_fields(trailer_lines)
        return bytes(raw)
