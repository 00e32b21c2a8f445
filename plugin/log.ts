/** The daemon's log: JSON lines on stdout, or plain lines where that is a terminal. */

import { type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";
import type { LogLevel } from "./config/index.js";

export type { Logger } from "pino";

/** Names of fields that hold what opens a session; they are left out wherever they stand. */
const secrets = ["key", "keys", "psk", "secret", "password", "token"];

export interface LogOptions {
  readonly level: LogLevel;
  readonly site: string;
  /** Default: whether stdout is a terminal. */
  readonly plain?: boolean;
}

export function createLogger({ level, site, plain = process.stdout.isTTY }: LogOptions): Logger {
  const verbose = level === "debug" || level === "trace";
  const options = {
    level,
    base: { site, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), remove: true },
    serializers: {
      // A stack is for who works on the code; the message must do for everybody else.
      err: (error: Error) => (verbose ? stdSerializers.err(error) : brief(error)),
    },
  };
  const plainOutput = { write: (line: string) => process.stdout.write(`${plainLine(line)}\n`) };
  // Synchronous, so that the last words of a process that ends are there, and in order.
  return pino(options, plain ? plainOutput : pino.destination({ dest: 1, sync: true }));
}

function brief(error: Error & { code?: unknown }): object {
  const code = error.code === undefined ? {} : { code: error.code };
  return { type: error.name, ...code, message: error.message };
}

/** `12:00:00.000 info  message  field=value …` */
function plainLine(json: string): string {
  const { level, time, msg, pid: _pid, site: _site, err, ...fields } = JSON.parse(json);
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const cause = [err?.stack ?? err?.message].filter((text) => text !== undefined && text !== msg);
  return [String(time).slice(11, 23), String(level).padEnd(5), msg, ...rest, ...cause].join(" ");
}
