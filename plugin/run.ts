/** The life of the daemon's process: from its start, by signals, to its exit status. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "./config/index.js";
import { ControlError, ControlServer, type Methods } from "./control.js";
import type { Logger } from "./log.js";
import type { Status } from "./status.js";

/** What runs: the daemon. */
export interface Service {
  start(): Promise<void>;
  /**
   * Takes nothing new, and waits for what is under way, for so many milliseconds at most. Resolves to how much is left
   * then. Called again, also by `stop`, it waits no longer than the shortest of them.
   */
  drain(patience: number): Promise<number>;
  /** Drains, and undoes what `start` did, also after a start that failed half-way. */
  stop(patience: number): Promise<void>;
  status(): Status;
  /** What else can be asked on the control socket. */
  readonly queries: Methods;
}

/** Fatal errors leave so long for tidying up, in milliseconds. */
const lastWords = 5000;

/**
 * Runs the service until SIGTERM or SIGINT, or until it is drained, and gives the exit status: 0 after a stop that was
 * asked for, 1 after an error, which is one line of the log. A second signal ends the process at once, with 128 and the signal's number.
 *
 * | when | what happens |
 * |---|---|
 * | signal | stop, exit 0; a drain that is under way is cut short |
 * | asked to drain | drain, then stop, exit 0 |
 * | second signal | exit at once |
 * | start fails | what is set up is stopped, exit 1 |
 * | an error that nobody expected | the same, within 5 s; the switch carries on by itself when we are gone |
 */
export async function run(config: Config, logger: Logger, service: Service): Promise<number> {
  let drained = (): void => undefined;
  const ended = Promise.race([
    untilEnd(logger),
    new Promise<undefined>((resolve) => {
      drained = () => resolve(undefined);
    }),
  ]);
  let control: ControlServer;
  try {
    // First of all, since it also tells whether another process runs already; that one's things are not ours to undo.
    control = await ControlServer.listen(config.control.socket, {
      ...service.queries,
      status: () => service.status(),
      drain: async (parameters) => {
        const left = await service.drain(patienceOf(parameters));
        drained();
        return { left };
      },
    });
  } catch (error) {
    reportFatal(logger, asError(error));
    return 1;
  }
  const starting = service.start();
  const started = starting.then(() => {
    logger.info({ control: control.path }, "started");
    return ended;
  });
  const failure = await Promise.race([ended, started]).catch(asError);
  if (failure !== undefined) reportFatal(logger, failure);
  // What is half set up cannot be undone well.
  await Promise.race([starting.catch(asError), sleep(lastWords, undefined, { ref: false })]);
  const patience = failure === undefined ? config.stop.drain : 0;
  const stopped = await stop(logger, () => service.stop(patience), failure !== undefined);
  await control.close();
  return failure === undefined && stopped ? 0 : 1;
}

/** Resolves at the first signal, or with the first error that nobody caught. */
function untilEnd(logger: Logger): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let signalled = false;
    const onSignal = (signal: NodeJS.Signals, number: number) => {
      if (signalled) {
        logger.warn({ signal }, "second signal, leaving without tidying up");
        process.exit(128 + number);
      }
      signalled = true;
      logger.info({ signal }, "stopping");
      resolve(undefined);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    process.on("uncaughtException", resolve);
    process.on("unhandledRejection", (reason) => resolve(asError(reason)));
  });
}

/** Milliseconds. Throws ControlError. */
function patienceOf(parameters: unknown): number {
  const given = typeof parameters === "object" && parameters !== null && "timeout_ms" in parameters;
  const patience = given ? parameters.timeout_ms : undefined;
  if (typeof patience === "number" && patience >= 0) return patience;
  throw new ControlError("CONTROL_PROTOCOL", 'expected the parameters {"timeout_ms":MILLISECONDS}');
}

async function stop(logger: Logger, body: () => Promise<void>, hurry: boolean): Promise<boolean> {
  const late = async () => {
    await sleep(lastWords, undefined, { ref: false });
    throw new Error(`not stopped within ${lastWords / 1000} s`);
  };
  try {
    await Promise.race([body(), ...(hurry ? [late()] : [])]);
    logger.info("stopped");
    return true;
  } catch (error) {
    logger.error({ err: asError(error) }, `stopping failed: ${asError(error).message}`);
    return false;
  }
}

export function reportFatal(logger: Logger, error: Error): void {
  logger.fatal({ err: error }, error.message);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
