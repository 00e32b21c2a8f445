import { rmSync } from "node:fs";
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { join } from "node:path";
import { type Json, JsonReader, stringifyJson } from "../src/index.js";

type Message = { method?: Json; params?: Json; id?: Json; result?: Json };

/**
 * Stands between a client and a real server, to make that server look older: requests that `refuse` has an
 * answer for get that, as an error, and go no further. It also keeps what was asked and answered.
 */
export class Intermediary {
  readonly path: string;
  readonly asked: string[] = [];
  readonly #answers: [method: string, result: Json][] = [];
  readonly #server: NetServer;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string, server: NetServer) {
    this.path = path;
    this.#server = server;
  }

  static async start(
    directory: string,
    target: string,
    refuse: (method: string, params: Json) => Json | undefined,
  ): Promise<Intermediary> {
    const path = join(directory, "proxy.sock");
    rmSync(path, { force: true });
    const server = createServer((client) => {
      const upstream = connect(target);
      const reader = new JsonReader(2 ** 24);
      const back = new JsonReader(2 ** 24);
      const methods = new Map<Json, string>();
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        proxy.#sockets.add(socket);
        socket.on("error", () => {}).on("close", () => other.destroy());
      }
      upstream.on("data", (bytes) => {
        client.write(bytes);
        for (const message of back.push(bytes)) {
          const { id = null, result = null } = message as Message;
          const method = methods.get(id);
          if (method !== undefined) proxy.#answers.push([method, result]);
        }
      });
      client.on("data", (bytes) => {
        for (const message of reader.push(bytes)) {
          const { method, params = [], id = null } = message as Message;
          if (typeof method === "string") {
            proxy.asked.push(method);
            methods.set(id, method);
          }
          const error = typeof method === "string" ? refuse(method, params) : undefined;
          if (error === undefined) upstream.write(stringifyJson(message));
          else client.write(stringifyJson({ id, result: null, error }));
        }
      });
    });
    const proxy = new Intermediary(path, server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return proxy;
  }

  get remote(): string {
    return `unix:${this.path}`;
  }

  /** The results of a method's calls. */
  answers(method: string): Json[] {
    return this.#answers.filter(([asked]) => asked === method).map(([, result]) => result);
  }

  /** Cuts all connections; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
