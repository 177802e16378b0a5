"""A small web application to stand behind the proxy: pages, a style sheet, an image, uploads, server-sent events and a
WebSocket. Standard library only; `application.py PORT` serves it alone.
"""

import hashlib
import json
import socket
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import websockets as ws

FINISHED = threading.Event()  # the page's script says when; several applications may serve one page
PAGE = """<!DOCTYPE html>
<html><head><title>Application</title><link rel="stylesheet" href="/static/style.css"></head>
<body><h1 id="title">Application</h1><img id="logo" src="/static/logo.png" alt="logo">
<ul id="results"></ul>
<img src="/api/hold" alt="keeps the page loading until the script is done">
<script>
const results = {};
function report(name, value) {
  results[name] = value;
  const item = document.createElement("li");
  item.id = name;
  item.textContent = name + "=" + value;
  document.getElementById("results").appendChild(item);
}
function image() {
  return new Promise(done => {
    const logo = document.getElementById("logo");
    const tell = () => { report("image", logo.naturalWidth + "x" + logo.naturalHeight); done(); };
    logo.complete ? tell() : (logo.onload = logo.onerror = tell);
  });
}
async function api() {
  const answer = await fetch("/api/hello?name=browser");
  report("fetch", (await answer.json()).hello);
}
async function upload() {
  const body = new Uint8Array(300000).map((_, i) => i % 251);
  const answer = await fetch("/api/upload", { method: "POST", body });
  report("upload", (await answer.json()).size);
}
function events() {
  return new Promise(done => {
    const seen = [];
    const source = new EventSource("/events?count=3");
    source.onmessage = event => {
      seen.push(event.data);
      if (seen.length == 3) { source.close(); report("events", seen.join(",")); done(); }
    };
    source.onerror = () => { source.close(); report("events", "error after " + seen.join(",")); done(); };
  });
}
function socket() {
  return new Promise(done => {
    const link = new WebSocket("ws://" + location.host + "/socket");
    link.onopen = () => link.send("over the wire");
    link.onmessage = event => { report("websocket", event.data); link.close(); };
    link.onerror = () => { report("websocket", "error"); done(); };
    link.onclose = event => { report("closed", event.wasClean); done(); };
  });
}
async function run() {
  await image();
  report("style", getComputedStyle(document.getElementById("title")).color);
  for (const part of [api, upload, events, socket]) {
    try { await part(); } catch (e) { report(part.name, "failed: " + e); }
  }
  report("done", Object.keys(results).length);
  await fetch("/api/finished", { method: "POST" });
}
run();
</script></body></html>
"""
STYLE = "body { font-family: sans-serif; } h1 { color: rgb(1, 2, 3); }\n"


def png(width, height):
    """A picture without a library."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = b"".join(b"\0" + bytes((x * 7 + y) % 256 for x in range(width * 3)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Raw:
    """What websockets.py wants of a connection, over the files of a request handler."""

    def __init__(self, handler):
        self.handler = handler

    def send(self, data):
        self.handler.wfile.write(data.encode() if isinstance(data, str) else data)
        self.handler.wfile.flush()

    def read_exact(self, count):
        data = self.handler.rfile.read(count)
        if len(data) < count:
            raise ConnectionError("the client left")
        return data


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Application/1"
    logo = png(64, 48)

    def log_message(self, *args):
        pass

    def answer(self, body, kind, status=200, **fields):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def as_json(self, value, status=200):
        self.answer(json.dumps(value), "application/json", status, Cache_Control="no-store")

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.server.seen.append(self.path)
        if path == "/":
            FINISHED.clear()
            self.answer(PAGE, "text/html; charset=utf-8", Set_Cookie="session=1; Path=/; HttpOnly")
        elif path == "/static/style.css":
            self.answer(STYLE, "text/css")
        elif path == "/static/logo.png":
            self.answer(self.logo, "image/png", ETag='"logo"')
        elif path == "/api/hello":
            self.as_json({"hello": query.partition("=")[2], "fields": dict(self.headers.items())})
        elif path == "/api/hold":
            FINISHED.wait(20)
            self.answer(self.logo, "image/png")
        elif path == "/redirect":
            self.answer("", "text/plain", 302, Location="http://%s/api/hello?name=moved" % self.headers["Host"])
        elif path == "/events":
            self.events(int(query.partition("=")[2] or 3))
        elif path == "/socket":
            ws.serve_echo(Raw(self), type("Request", (), {"headers": {"sec-websocket-key": self.headers["Sec-WebSocket-Key"]}}))
            self.close_connection = True
        else:
            self.answer("<h1>Not here</h1>", "text/html", 404)

    do_HEAD = do_GET

    def events(self, count):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for i in range(count):
            self.wfile.write(b"id: %d\ndata: event %d at %.6f\n\n" % (i, i, time.time()) if count > 3 else b"data: %d\n\n" % i)
            self.wfile.flush()
            time.sleep(0.1)

    def do_POST(self):
        if self.path == "/api/finished":
            FINISHED.set()
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    break
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.as_json({"size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "type": self.headers.get("Content-Type")})

    do_PUT = do_POST


class Application:
    """The application on a port of its own, in threads."""

    def __init__(self, port=0, host="127.0.0.1"):
        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 512
            seen = []
            open = set()

            def process_request(self, request, address):
                self.open.add(request)
                super().process_request(request, address)

            def shutdown_request(self, request):
                self.open.discard(request)
                super().shutdown_request(request)

            def handle_error(self, request, address):
                pass  # clients leave
        self.server = Server((host, port), Handler)
        self.port = self.server.server_address[1]
        self.seen = self.server.seen
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        # Kept-alive ones as well: an application that has ended answers nobody.
        for connection in list(self.server.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


if __name__ == "__main__":
    Application(int(sys.argv[1]))
    threading.Event().wait()
