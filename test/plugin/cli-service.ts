/** A process for the tests of `run`: a service with one habit, by its name in argv[2]; the control socket is argv[3]. */

import { parseConfig } from "../../plugin/config/index.js";
import { createLogger } from "../../plugin/log.js";
import { run, type Service } from "../../plugin/run.js";
import type { Status } from "../../plugin/status.js";

const [habit, socket] = process.argv.slice(2);
const config = parseConfig(
  `{ site: a, ovs: { bridge: br0 }, port: { addresses: [10.1.0.2/24] }, mover: { listen: "10.1.0.2:4754" }, control: { socket: ${socket} } }`,
  "test",
);
const logger = createLogger({
  level: habit === "throws-verbosely" ? "debug" : "info",
  site: "a",
  plain: false,
});

const service: Service = {
  start: async () => {
    logger.info("start");
    if (habit === "fails") throw Object.assign(new Error("the port is taken"), { code: "PORT" });
    if (habit?.startsWith("throws")) setTimeout(() => JSON.parse("{"), 10);
    if (habit === "rejects") setTimeout(() => Promise.reject(new Error("lost promise")), 10);
    if (habit === "starts-slowly") await new Promise((resolve) => setTimeout(resolve, 300));
    logger.info({ psk: "geheim", peer: { key: "geheim" } }, "running");
  },
  drain: async (patience) => {
    logger.info({ patience }, "drain");
    await new Promise((resolve) => setTimeout(resolve, Math.min(patience, 300)));
    return habit === "drains-badly" ? 2 : 0;
  },
  stop: async (patience) => {
    logger.info({ patience }, "stop");
    if (habit === "hangs") await new Promise(() => setInterval(() => undefined, 1000));
    if (habit === "stops-badly") throw new Error("a rule stays");
  },
  status: () => ({ state: "in-sync" }) as Status,
  queries: {},
};

process.exit(await run(config, logger, service));
