/** What the edges tell each other of a connection's traffic as it is opened: the data of OPEN and OPENED (docs/wire-format.md). Pure. */

import { PRIORITIES, type Priority } from "../../../driver/index.js";
import { DSCP_MAX, priorityOf } from "./dscp.js";
import { CLASS_NAME_MAX, type TrafficClass } from "./traffic-class.js";

export interface Opening {
  /** For the far edge's packets to its application. */
  readonly dscp: number;
  /** Of both edges in their packet drivers. */
  readonly priority: Priority;
  /** Name of the class at the site of the opener. */
  readonly className: string;
}

const FIXED_BYTES = 2;
const CLASS_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** @param dscp what the client's packets have */
export function openingOf(trafficClass: TrafficClass, dscp: number): Opening {
  const marked = trafficClass.dscp ?? dscp;
  const { priority = priorityOf(marked), name } = trafficClass;
  return { dscp: marked, priority, className: name };
}

export function writeOpening({ dscp, priority, className }: Opening): Uint8Array {
  return Buffer.concat([Uint8Array.of(dscp, priority), Buffer.from(className, "latin1")]);
}

/** Undefined where it cannot be one. */
export function readOpening(data: Uint8Array): Opening | undefined {
  const nameLength = data.length - FIXED_BYTES;
  if (nameLength < 1 || nameLength > CLASS_NAME_MAX) return undefined;
  const [dscp, priority] = [data[0]!, data[1]!];
  const className = Buffer.from(data.subarray(FIXED_BYTES)).toString("latin1");
  if (dscp > DSCP_MAX || priority >= PRIORITIES || !CLASS_NAME.test(className)) return undefined;
  return { dscp, priority: priority as Priority, className };
}

/** @param dscp what the server's packets have */
export function writeOpened(dscp: number): Uint8Array {
  return Uint8Array.of(dscp);
}

/** The server's DSCP; undefined where it cannot be one. */
export function readOpened(data: Uint8Array): number | undefined {
  const [dscp] = data;
  return data.length === 1 && dscp! <= DSCP_MAX ? dscp : undefined;
}
