/**
 * The control socket: a Unix socket that only the daemon's own user can open. A request is a line of JSON,
 * `{"method":"status"}`; its answer is a line, `{"result":…}` or `{"error":{"code","message"}}`.
 */

import { once } from "node:events";
import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";

export type ControlErrorCode =
  | "CONTROL_RUNNING"
  | "CONTROL_UNREACHABLE"
  | "CONTROL_TIMEOUT"
  | "CONTROL_PROTOCOL"
  | "CONTROL_METHOD"
  | "CONTROL_FAILED";

export class ControlError extends Error {
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ControlError";
    this.code = code;
  }
}

/** What can be asked, by name; an answer may take its time. */
export type Methods = Readonly<Record<string, (parameters: unknown) => unknown>>;

/** A request is a few words. */
const requestLimit = 64 * 2 ** 10;
/** Status of a fleet's hub, with room to spare. */
const answerLimit = 16 * 2 ** 20;
/** Milliseconds. */
const answerTimeout = 5000;

/** Splits a socket's text into lines; destroys a socket that sends a longer one than `limit`. */
function onLines(socket: Socket, limit: number, take: (line: string) => void): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") take(line);
    if (rest.length > limit) {
      socket.destroy(new ControlError("CONTROL_PROTOCOL", `a line of more than ${limit} characters`));
    }
  });
}

export class ControlServer {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, methods: Methods) {
    this.path = path;
    const all: Methods = { ...methods, pid: () => process.pid };
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      // Whoever asked has gone; nobody else is concerned.
      socket.on("error", () => undefined);
      // Answers come in the order of the questions.
      let turn: Promise<unknown> = Promise.resolve();
      onLines(socket, requestLimit, (line) => {
        const result = answer(all, line);
        turn = turn.then(async () => socket.write(`${JSON.stringify(await result)}\n`));
      });
    });
  }

  /**
   * Listens at `path`; makes its folder, and removes the socket of a process that has died.
   * Throws ControlError CONTROL_RUNNING if a live one answers there.
   */
  static async listen(path: string, methods: Methods): Promise<ControlServer> {
    const control = new ControlServer(path, methods);
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      await removeDead(path);
      await control.#bind();
    } catch (error) {
      if (error instanceof ControlError) throw error;
      const { message } = error as Error;
      const advice = "set control.socket to a path that this user can write";
      throw new ControlError("CONTROL_UNREACHABLE", `cannot listen on ${path}: ${message}; ${advice}`, error);
    }
    return control;
  }

  async #bind(): Promise<void> {
    const listening = once(this.#server, "listening");
    // listen() makes the socket's file before it returns, so the mask holds for that file and no other.
    const mask = process.umask(0o177);
    try {
      this.#server.listen(this.path);
    } finally {
      process.umask(mask);
    }
    await listening;
  }

  /** Closes the socket, with its connections, and removes its file. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function answer(methods: Methods, line: string): Promise<object> {
  try {
    const request: unknown = JSON.parse(line);
    const isObject = typeof request === "object" && request !== null;
    const method = isObject && "method" in request ? request.method : undefined;
    if (typeof method !== "string") {
      throw new ControlError("CONTROL_PROTOCOL", 'expected a line such as {"method":"status"}');
    }
    if (!Object.hasOwn(methods, method)) {
      const known = Object.keys(methods).join(", ");
      throw new ControlError(
        "CONTROL_METHOD",
        `there is no method ${JSON.stringify(method)}; there are ${known}`,
      );
    }
    const parameters = isObject && "parameters" in request ? request.parameters : undefined;
    return { result: (await methods[method]?.(parameters)) ?? null };
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof ControlError) return { error: { code: error.code, message } };
    if (error instanceof SyntaxError)
      return { error: { code: "CONTROL_PROTOCOL", message: `no JSON: ${message}` } };
    return { error: { code: "CONTROL_FAILED", message } };
  }
}

/** Asks the daemon at `path`. Throws ControlError. */
export async function request(
  path: string,
  method: string,
  parameters?: unknown,
  timeout = answerTimeout,
): Promise<unknown> {
  const line = await new Promise<string>((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(() => {
      const message = `the process at ${path} does not answer; it may hang`;
      socket.destroy(new ControlError("CONTROL_TIMEOUT", message));
    }, timeout);
    onLines(socket, answerLimit, (text) => {
      resolve(text);
      socket.destroy();
    });
    socket.on("error", (error) => reject(error instanceof ControlError ? error : unreachable(path, error)));
    socket.on("close", () => {
      clearTimeout(timer);
      reject(
        new ControlError(
          "CONTROL_PROTOCOL",
          `the process at ${path} closed the connection without an answer`,
        ),
      );
    });
    socket.write(`${JSON.stringify({ method, parameters })}\n`);
  });
  const { result, error } = parseAnswer(path, line);
  if (error !== undefined) throw new ControlError(error.code, error.message);
  return result;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: ControlErrorCode; readonly message: string };
}

function parseAnswer(path: string, line: string): Answer {
  try {
    return JSON.parse(line) as Answer;
  } catch (error) {
    throw new ControlError("CONTROL_PROTOCOL", `the process at ${path} speaks something else`, error);
  }
}

function unreachable(path: string, error: NodeJS.ErrnoException): ControlError {
  const reasons = new Map([
    ["ENOENT", "there is no such socket; ovs-tpo is not running with this configuration"],
    ["ECONNREFUSED", "nothing listens there; ovs-tpo has died, start it again"],
    ["EACCES", "permission denied; ask as the user who runs ovs-tpo"],
    ["ENOTSOCK", "it is not a socket"],
  ]);
  const reason = reasons.get(error.code ?? "") ?? error.message;
  return new ControlError("CONTROL_UNREACHABLE", `cannot ask ${path}: ${reason}`, error);
}

/** Removes the socket's file if nobody listens on it. */
async function removeDead(path: string): Promise<void> {
  let pid: unknown;
  try {
    pid = await request(path, "pid");
  } catch (error) {
    const code =
      error instanceof ControlError ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
    if (code === "ENOENT") return;
    // connect(2) refuses any other file in the same words.
    if (code === "ECONNREFUSED" && lstatSync(path).isSocket()) return rmSync(path, { force: true });
    if (error instanceof ControlError && error.code !== "CONTROL_UNREACHABLE") {
      const advice = "stop it, or set control.socket to another path";
      throw new ControlError(
        "CONTROL_RUNNING",
        `another process listens on ${path} (${error.message}); ${advice}`,
      );
    }
    throw error;
  }
  const advice = "stop it, or give this one a port and a control.socket of its own";
  throw new ControlError("CONTROL_RUNNING", `ovs-tpo is already running at ${path}, pid ${pid}; ${advice}`);
}
