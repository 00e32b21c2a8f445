/** Traffic classes: from the fields of the file to what the edges go by. */

import type { z } from "zod";
import { DSCP_NAMES } from "../edge/tcp/dscp.js";
import { DEFAULT_CLASS, plainClass, type TrafficClass } from "../edge/tcp/traffic-class.js";
import type { classes } from "./class-schema.js";
import type { Config } from "./config.js";

type ClassFields = z.output<typeof classes>[string];

/** @param keepalive of classes that say nothing of it, in milliseconds */
export function resolveClasses(
  written: z.output<typeof classes>,
  keepalive: number,
): ReadonlyMap<string, TrafficClass> {
  const resolved = new Map([[DEFAULT_CLASS, plainClass(keepalive)]]);
  for (const [name, fields] of Object.entries(written))
    resolved.set(name, resolveClass(name, fields, keepalive));
  return resolved;
}

function resolveClass(name: string, fields: ClassFields, keepalive: number): TrafficClass {
  const { priority, dscp, idle_timeout, congestion_control, user_timeout } = fields;
  const { send_buffer, receive_buffer } = fields;
  const marked = typeof dscp === "number" ? dscp : dscp === "keep" ? undefined : DSCP_NAMES[dscp];
  return {
    name,
    ...(priority !== undefined && { priority: priority as NonNullable<TrafficClass["priority"]> }),
    ...(marked !== undefined && { dscp: marked }),
    ...(idle_timeout !== undefined && { idleTimeout: idle_timeout }),
    ...(congestion_control !== undefined && { congestionControl: congestion_control }),
    keepalive: fields.keepalive ?? keepalive,
    ...(user_timeout !== undefined && { userTimeout: user_timeout }),
    noDelay: fields.no_delay,
    ...(send_buffer !== undefined && { sendBuffer: send_buffer }),
    ...(receive_buffer !== undefined && { receiveBuffer: receive_buffer }),
  };
}

/** The class of that name; the default one where none is named, or it is not known at this site. */
export function classOf({ classes }: Pick<Config, "classes">, name = DEFAULT_CLASS): TrafficClass {
  return classes.get(name) ?? classes.get(DEFAULT_CLASS)!;
}
