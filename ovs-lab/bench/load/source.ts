/** The load's server: `node source.js PORT`. Gives each connection what its first line asks for (`request.ts`). */
import { createServer, type Socket } from "node:net";
import { payload } from "./payload.js";
import { decodeRequest, QUESTION_BYTES, REQUEST_BYTES, type Request } from "./request.js";

const CHUNK_BYTES = 65_536;
/** A thousand may come at once. */
const BACKLOG = 4096;

createServer({ noDelay: true }, (socket) => {
  let head = Buffer.alloc(0);
  socket.on("error", () => socket.destroy()); // whoever had enough
  const read = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    if (head.length < REQUEST_BYTES) return;
    socket.off("data", read);
    serve(socket, decodeRequest(head.subarray(0, REQUEST_BYTES)), head.subarray(REQUEST_BYTES));
  };
  socket.on("data", read);
}).listen(Number(process.argv[2]), "0.0.0.0", BACKLOG);

function serve(socket: Socket, request: Request, rest: Buffer): void {
  if (request.bytes === 0) answer(socket, rest);
  else give(socket, request);
}

function give(socket: Socket, request: Request): void {
  socket.resume();
  const bytes = payload(request.payload);
  let left = request.bytes ?? Number.POSITIVE_INFINITY;
  // Connections that begin together are not to carry the same at the same time.
  let at = Math.floor((Math.random() * bytes.length) / CHUNK_BYTES) * CHUNK_BYTES;
  const send = () => {
    while (left > 0) {
      const piece = bytes.subarray(at, at + Math.min(CHUNK_BYTES, left));
      at = at + piece.length >= bytes.length ? 0 : at + piece.length;
      left -= piece.length;
      if (!socket.write(piece)) return;
    }
    socket.end();
  };
  socket.on("drain", send);
  send();
}

function answer(socket: Socket, rest: Buffer): void {
  let held = 0;
  const bytes = payload("random").subarray(0, QUESTION_BYTES);
  const hear = (chunk: Buffer) => {
    for (held += chunk.length; held >= QUESTION_BYTES; held -= QUESTION_BYTES) socket.write(bytes);
  };
  socket.on("data", hear);
  hear(rest); // the first question may have come with the request
}
