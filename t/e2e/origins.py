"""Scripted origins: what stands behind the proxy in a test.

Origin answers whole requests through a function and keeps what it was sent. RawOrigin hands each accepted
connection to a function, for everything that is not plain HTTP. Each connection has a thread.
"""

import os
import socket
import struct
import threading
import time
import traceback

from ports import free_port
from wire import BadMessage, Closed, Conn, Response, to_bytes

# What an Origin's function may return instead of a Response or bytes, and what a RawOrigin may be given as handler.
CLOSE = object()  # close without an answer
RESET = object()  # the same with RST
HANG = object()  # answer nothing until the test ends


class RawOrigin:
    """Calls handler(conn) in a thread for every connection; CLOSE, RESET and HANG are handlers too, which read nothing.
    Attributes a test looks at:

    port, address (for proxy_pass), connections (accepted so far), conns (the Conn of each), open (not yet closed).
    """

    def __init__(self, handler, port=None, unix=None, tls=None, timeout=30.0):
        self.handler, self.unix, self.tls, self.timeout = handler, unix, tls, timeout
        self.port = None if unix else port or free_port()
        self.address = "unix:" + unix if unix else "127.0.0.1:%d" % self.port
        self.conns = []
        self.errors = []  # of the script itself; they fail the test
        self.open = 0
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.listener = None
        self.listen()

    @property
    def connections(self):
        return len(self.conns)

    def listen(self):
        """Accepts connections (again)."""
        if self.unix:
            if os.path.exists(self.unix):
                os.unlink(self.unix)
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(self.unix)
            os.chmod(self.unix, 0o777)  # the workers are somebody else
        else:
            self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(512)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def refuse(self):
        """From now on connections are refused; those that are open stay."""
        if self.listener:
            try:
                self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            except OSError:
                pass
            self.listener.close()
            self.listener = None

    def drop(self, reset=False):
        """Closes every open connection, from this side."""
        for conn in list(self.conns):
            try:
                if reset:
                    # Its own thread closes it, woken here: a close from this one would wait for that read.
                    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    conn.sock.shutdown(socket.SHUT_RD)
                else:
                    conn.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.stopping.set()
        self.refuse()
        self.drop()

    def hang(self):
        """For handlers: waits until the test ends."""
        self.stopping.wait()

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                conn = Conn(sock, self.timeout)
                self.conns.append(conn)
                self.open += 1
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        try:
            if self.tls:
                conn.sock = self.tls.wrap_socket(conn.sock, server_side=True)
            self.handle(conn)
        except (BadMessage, AssertionError) as e:
            self.errors.append("%s: %s" % (type(e).__name__, e))
        except (OSError, Closed):
            pass  # the proxy went away, or the test ended: what that means is the test's to say
        except Exception:
            self.errors.append(traceback.format_exc())
        finally:
            conn.close()
            with self.lock:
                self.open -= 1

    def handle(self, conn):
        if self.handler is HANG:
            self.hang()
        elif self.handler is RESET:
            conn.reset()
        elif self.handler is not CLOSE:
            self.handler(conn)


class Origin(RawOrigin):
    """Calls handler(request) for every request; it returns a Response, bytes to send as they are, or CLOSE, RESET,
    HANG. Without a handler every answer is 200 "ok". `requests` holds everything that came, in order.
    keepalive=False closes after each response without saying so before.
    """

    def __init__(self, handler=None, keepalive=True, **options):
        self.requests = []
        self.arrived = threading.Condition()
        self.keepalive = keepalive
        super().__init__(handler or (lambda request: Response(200, body=b"ok")), **options)

    def handle(self, conn):
        while True:
            request = conn.read_request()
            if request is None:
                return
            with self.arrived:
                self.requests.append(request)
                self.arrived.notify_all()
            answer = self.handler(request)
            if answer is HANG:
                self.hang()
                return
            if answer is RESET:
                conn.reset()
                return
            if answer is CLOSE:
                return
            if isinstance(answer, Response):
                answer.write(conn, head_only=request.method == "HEAD")
                if answer.close or answer.headers.get("connection", "").lower() == "close":
                    return
            else:
                conn.send(to_bytes(answer))
            if not self.keepalive or request.version == "HTTP/1.0":
                return

    def wait_requests(self, count, timeout=10.0):
        """Waits until that many requests came, and returns them."""
        end = time.monotonic() + timeout
        with self.arrived:
            while len(self.requests) < count:
                if not self.arrived.wait(end - time.monotonic()) and time.monotonic() > end:
                    raise AssertionError("%d of %d requests reached the origin" % (len(self.requests), count))
            return self.requests[:count]
