"""A scripted name server on a loopback port: UDP, and TCP on the same port number."""

import socket
import struct
import threading

from ports import free_port

A, AAAA, CNAME = 1, 28, 5


def encode(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def question(query):
    """(name, type, bytes of the question section)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += query[at] + 1
    return ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])[0], query[12:at + 5]


def reply(query, addresses=(), ttl=60, code=0, flags=0x8180, ident=None, asked=None):
    """An answer: addresses of the type asked for, the others left out."""
    name, kind, section = question(query)
    records = []
    for address in addresses:
        family, number = (socket.AF_INET6, AAAA) if ":" in address else (socket.AF_INET, A)
        if number == kind:
            data = socket.inet_pton(family, address)
            records.append(b"\xc0\x0c" + struct.pack(">HHIH", number, 1, ttl, len(data)) + data)
    head = (ident if ident is not None else query[:2]) + struct.pack(">HHHHH", flags | code, 1, len(records), 0, 0)
    return head + (asked or section) + b"".join(records)


class NameServer:
    """Calls answer(name, type, query) for each question; it returns the bytes to send, a list of such, or None. Over
    TCP it is answer(name, type, query, True). `asked` is the (name, type) of everything asked over UDP, `tcp` of what came over TCP.
    """

    def __init__(self, answer):
        self.answer, self.asked, self.tcp = answer, [], []
        self.port = free_port()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.stream.bind(("127.0.0.1", self.port))
        self.stream.listen(8)
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()

    def names(self):
        return [name for name, kind in self.asked if kind == A]

    def stop(self):
        for sock in (self.udp, self.stream):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _replies(self, query, *tcp):
        name, kind, _ = question(query)
        answer = self.answer(name, kind, query, *tcp)
        return answer if isinstance(answer, list) else [answer] if answer is not None else []

    def _serve_udp(self):
        while True:
            try:
                query, peer = self.udp.recvfrom(4096)
                if not query:  # the end of the test
                    return
                self.asked.append(question(query)[:2])
                for data in self._replies(query):
                    self.udp.sendto(data, peer)
            except OSError:
                return

    def _serve_tcp(self):
        while True:
            try:
                conn, _ = self.stream.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_conn, args=(conn,), daemon=True).start()

    def _serve_conn(self, conn):
        with conn:
            file = conn.makefile("rb")
            while True:
                head = file.read(2)
                if len(head) < 2:
                    return
                query = file.read(struct.unpack(">H", head)[0])
                self.tcp.append(question(query)[:2])
                try:
                    for data in self._replies(query, True):
                        conn.sendall(struct.pack(">H", len(data)) + data)
                except OSError:  # the resolver had enough
                    return
