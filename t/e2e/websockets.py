"""Enough of RFC 6455 for tests: the handshake and frames, for both ends of a raw connection."""

import base64
import hashlib
import os
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def accept_key(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def frame(payload, opcode=TEXT, mask=False):
    payload = payload.encode() if isinstance(payload, str) else payload
    size = len(payload)
    head = bytes([0x80 | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    stretched = int.from_bytes((key * (size // 4 + 1))[:size], "big")
    return head + key + (int.from_bytes(payload, "big") ^ stretched).to_bytes(size, "big")


def read_frame(conn):
    """(opcode, payload); conn has read_exact()."""
    first, second = conn.read_exact(2)
    size = second & 0x7f
    if size == 126:
        size = struct.unpack(">H", conn.read_exact(2))[0]
    elif size == 127:
        size = struct.unpack(">Q", conn.read_exact(8))[0]
    key = conn.read_exact(4) if second & 0x80 else None
    payload = conn.read_exact(size)
    if key:
        stretched = int.from_bytes((key * (size // 4 + 1))[:size], "big")
        payload = (int.from_bytes(payload, "big") ^ stretched).to_bytes(size, "big")
    return first & 0x0f, payload


def serve_echo(conn, request):
    """The server's side after the request's head was read: answers the handshake, then echoes until the close frame."""
    conn.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
              % accept_key(request.headers["sec-websocket-key"]))
    while True:
        opcode, payload = read_frame(conn)
        if opcode == PING:
            conn.send(frame(payload, PONG))
        elif opcode == CLOSE:
            conn.send(frame(payload, CLOSE))
            return
        else:
            conn.send(frame(payload, opcode))


def open_client(conn, target="/", extra=()):
    """The client's side of the handshake; returns the response."""
    key = base64.b64encode(os.urandom(16)).decode()
    conn.request("GET", target, [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                 ("Sec-WebSocket-Key", key)] + list(extra), None, "localhost")
    response = conn.read_response()
    if response.status == 101:
        assert response.headers["sec-websocket-accept"] == accept_key(key)
    return response
