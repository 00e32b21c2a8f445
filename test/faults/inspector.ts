import { until } from "../end-to-end/site.js";
import type { Ground } from "./ground.js";

/** Where Node's inspector listens, unless told otherwise. */
const ADDRESS = "127.0.0.1:9229";

/** Node's inspector of the plugin at site a: has JavaScript run in its threads, whatever they are doing. */
export class Inspector {
  readonly #ground: Ground;

  private constructor(ground: Ground) {
    this.#ground = ground;
  }

  static async open(ground: Ground): Promise<Inspector> {
    process.kill(await ground.pid(), "SIGUSR1");
    await until("the inspector listens", async () =>
      (await ground.inSwitch("ss", "-ltnH")).includes(`${ADDRESS} `),
    );
    return new Inspector(ground);
  }

  /** Resolves when the expression has been evaluated on the main thread. */
  async evaluate(expression: string): Promise<void> {
    await this.#say(
      `send("Runtime.evaluate", ${JSON.stringify({ expression })}); socket.onmessage = () => process.exit();`,
    );
  }

  /**
   * Hands the expression to the data worker, which may not answer any more. Resolves to when it did, in milliseconds since
   * the epoch: getting there takes most of a second.
   */
  async evaluateInWorker(expression: string): Promise<number> {
    const message = JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } });
    const said = await this.#say(`
      send("NodeWorker.enable", { waitForDebuggerOnStart: false });
      socket.onmessage = ({ data }) => {
        const { method, params, id } = JSON.parse(data);
        if (method === "NodeWorker.attachedToWorker") {
          console.log(Date.now());
          send("NodeWorker.sendMessageToWorker", { sessionId: params.sessionId, message: ${JSON.stringify(message)} });
        } else if (id === 2) process.exit();
      };`);
    return Number(said);
  }

  async #say(body: string): Promise<string> {
    const program = `
      fetch("http://${ADDRESS}/json").then((r) => r.json()).then(([{ webSocketDebuggerUrl: url }]) => {
        const socket = new WebSocket(url);
        let id = 0;
        const send = (method, params) => socket.send(JSON.stringify({ id: ++id, method, params }));
        socket.onclose = () => process.exit();
        socket.onopen = () => { ${body} };
      });`;
    return this.#ground.inSwitch(process.execPath, "--experimental-websocket", "-e", program);
  }
}
