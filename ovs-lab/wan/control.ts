import { createConnection, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { LabError } from "../errors.js";
import { patience } from "../patience.js";
import type { PipeReport } from "./lane.js";
import type { LaneRequest } from "./lane-thread.js";

export interface EmulatorReport {
  readonly up: boolean;
  readonly pipes: readonly PipeReport[];
}

/** One JSON value a line, each answered by one: {@link ControlAnswer}. */
export type ControlRequest = LaneRequest;

export type ControlAnswer = { readonly report: EmulatorReport } | { readonly error: string };

/** Answers requests on a Unix socket. */
export function serveControl(
  path: string,
  handle: (request: ControlRequest) => Promise<EmulatorReport>,
): Server {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", async (line) => {
      let answer: ControlAnswer;
      try {
        answer = { report: await handle(JSON.parse(line) as ControlRequest) };
      } catch (error) {
        answer = { error: error instanceof Error ? error.message : String(error) };
      }
      socket.write(`${JSON.stringify(answer)}\n`);
    });
  });
  return server.listen(path);
}

/** One request over a connection of its own. @throws LabError `WAN_GONE` when nobody answers, `WAN_REFUSED` with its reason */
export async function askControl(path: string, request: ControlRequest): Promise<EmulatorReport> {
  const socket = createConnection(path);
  try {
    const answer = await firstLine(socket, `${JSON.stringify(request)}\n`, path);
    const parsed = JSON.parse(answer) as ControlAnswer;
    if ("error" in parsed) throw new LabError("WAN_REFUSED", `the WAN emulator: ${parsed.error}`);
    return parsed.report;
  } finally {
    socket.destroy();
  }
}

const ANSWER_WITHIN_MS = 10_000 * patience;

function firstLine(socket: Socket, request: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const gone = (why: string) =>
      reject(new LabError("WAN_GONE", `the WAN emulator does not answer at ${path} (${why})`));
    socket.setTimeout(ANSWER_WITHIN_MS, () => gone(`nothing for ${ANSWER_WITHIN_MS / 1000} s`));
    socket.on("error", (error: NodeJS.ErrnoException) => gone(error.code ?? error.message));
    socket.on("close", () => gone("closed"));
    const lines = createInterface({ input: socket });
    lines.once("line", resolve);
    // readline passes the stream's errors on; the socket's own listener has them already.
    lines.on("error", () => {});
    socket.write(request);
  });
}
