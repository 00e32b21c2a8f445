/** The field `classes`: its fields, with their defaults; see `schema.ts`. */

import { z } from "zod";
import { CLASS_NAME_MAX } from "../edge/tcp/traffic-class.js";
import { boolean, dscp, duration, integer, name, size } from "./values.js";

const second = 1000;
const hour = 3600 * second;
const kilobyte = 2 ** 10;
const megabyte = 2 ** 20;

/** Of applications' ends of connections; also that of `edge.tcp`. */
export const keepalive = duration("15s", second, 2 * hour);
const bufferSize = size("1MB", 16 * kilobyte, 256 * megabyte);

export const className = name("a name of a class", "bulk", CLASS_NAME_MAX);

const trafficClass = z.strictObject(
  {
    priority: integer(3, 0, 3)
      .exactOptional()
      .describe(
        "Towards the peer: 0 goes first, 1 is the normal one. Default: by the DSCP of who opens the connection.",
      ),
    dscp: dscp
      .prefault("keep")
      .describe(
        "keep: each application sees the other's DSCP; or the code point, or its name, that both see.",
      ),
    idle_timeout: duration("8h", second, 720 * hour)
      .exactOptional()
      .describe("Without a byte either way for so long, a connection is reset. Default: it stays."),
    congestion_control: name("the name of a congestion control", "bbr", 15)
      .exactOptional()
      .describe("Of the connections to applications, as the kernel names it. Default: the host's."),
    keepalive: keepalive
      .exactOptional()
      .describe("Idle time after which applications are probed. Default: edge.tcp.keepalive."),
    user_timeout: duration("30s", second, hour)
      .exactOptional()
      .describe(
        "An application that acknowledges nothing of what it is sent, or no probe, for so long is given up. Default: the host's.",
      ),
    no_delay: boolean
      .prefault(true)
      .describe("Small pieces are sent to applications at once (TCP_NODELAY), not put together first."),
    send_buffer: bufferSize
      .exactOptional()
      .describe("Of each socket to an application. Default: the kernel's."),
    receive_buffer: bufferSize.exactOptional().describe("The same, for what applications send."),
  },
  { error: "a map with fields such as priority, dscp, idle_timeout and congestion_control" },
);

export const classes = z
  .record(className, trafficClass, { error: "a map of names to classes" })
  .meta({ examples: [{ bulk: { priority: 3, dscp: "cs1" } }] })
  .prefault({})
  .describe(
    "How connections are treated, by the names that entries give; `default` is for entries that give none.",
  );
