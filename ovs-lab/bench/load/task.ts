import type { PayloadName } from "./payload.js";

/** What the load's client is to do, and what it says of it. Times are milliseconds unless named otherwise. */
export type Task = BulkTask | FetchTask | ExchangeTask | OpenTask;

interface Target {
  readonly address: string;
  readonly port: number;
}

/** Downloads without end over some connections, counted within a window. */
export interface BulkTask extends Target {
  readonly kind: "bulk";
  readonly connections: number;
  readonly payload: PayloadName;
  /** Until the window begins, and its length, in seconds. */
  readonly startUp: number;
  readonly seconds: number;
  /** From the middle of the window on, so many of the connections read no more. */
  readonly stalled?: number;
}

/** Downloads of one size, one after the other, each on a connection of its own. */
export interface FetchTask extends Target {
  readonly kind: "fetch";
  readonly size: number;
  readonly payload: PayloadName;
  readonly count: number;
  /** Between one and the next. */
  readonly pause: number;
  /** Each is given up after that. */
  readonly limit: number;
}

/** Questions and answers on one connection, one at a time. */
export interface ExchangeTask extends Target {
  readonly kind: "exchange";
  /** Between an answer and the next question. */
  readonly pause: number;
  readonly seconds: number;
}

/** Connections that are opened, get their first byte, and are closed. */
export interface OpenTask extends Target {
  readonly kind: "open";
  /** One after the other, for their times; then, for `seconds`, so many at once, for their number. */
  readonly oneByOne: number;
  readonly atOnce: number;
  readonly seconds: number;
}

export interface BulkReport {
  /** Bytes of each connection within the window; with `stalled`, within its first and its second half. */
  readonly bytes: readonly number[];
  readonly firstHalf: readonly number[];
  /** Seconds of the window, as it came out. */
  readonly seconds: number;
  /** Processor seconds of the client itself within the window. */
  readonly cpu: number;
  /** Until each connection had its first byte; of those that had one. */
  readonly firstByte: readonly number[];
  /** Connections that ended in an error, and what the first of them said. */
  readonly failed: number;
  readonly failure?: string;
}

export interface FetchReport {
  /** Of those that were complete. */
  readonly times: readonly number[];
  /** Bytes that had come when the limit ended one. */
  readonly stopped: readonly number[];
  readonly failed: number;
  readonly failure?: string;
}

export interface ExchangeReport {
  readonly times: readonly number[];
  readonly failed: number;
  readonly failure?: string;
}

export interface OpenReport {
  readonly connect: readonly number[];
  readonly firstByte: readonly number[];
  readonly perSecond: number;
  readonly failed: number;
  readonly failure?: string;
}

export interface Reports {
  readonly bulk: BulkReport;
  readonly fetch: FetchReport;
  readonly exchange: ExchangeReport;
  readonly open: OpenReport;
}

/** A line of the client's standard output: the window of a bulk task begins or ends, or the end of all. */
export type Word = { readonly mark: "begin" | "end" } | { readonly report: Reports[keyof Reports] };
