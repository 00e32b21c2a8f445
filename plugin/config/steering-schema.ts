/** The field `steering`: its fields, with their defaults; see `schema.ts`. */

import { z } from "zod";
import { duration, integer, name } from "./values.js";

const mark = (example: number) => integer(example, 1, 0x7fff_ffff);
const second = 1000;

export const steering = z
  .strictObject(
    {
      instance: integer(0, 0, 255)
        .prefault(0)
        .describe("Which of several plugins on one bridge: part of our flows' cookie."),
      priority: integer(60_000, 1, 65_500)
        .prefault(60_000)
        .describe("Our flows in table 0: this priority and the few above it."),
      first_table: integer(200, 1, 240).prefault(200).describe("First of our OpenFlow tables."),
      register: integer(15, 0, 15).prefault(15).describe("The register that is ours in the whole bridge."),
      pass_from: z
        .array(name("the name of a port of the bridge", "wan0", 63), {
          error: "a list of names of the bridge's ports",
        })
        .meta({ examples: [["wan0"]] })
        .prefault([])
        .describe("Ports of the bridge whose packets are never taken: those towards the WAN."),
      idle: duration("600s", 10 * second, 65_535 * second)
        .prefault("600s")
        .describe("Silence of a connection after which the switch forgets it."),
      fin_idle: duration("45s", second, 65_535 * second)
        .prefault("45s")
        .describe("The same, once the connection has begun to close."),
      mark: mark(0x7470_0001)
        .prefault(0x7470_0001)
        .describe("Firewall mark of packets for our transparent sockets."),
      own_mark: mark(0x7470_0002)
        .prefault(0x7470_0002)
        .describe("Firewall mark of packets from our own sockets."),
      route_table: integer(7471, 1, 0xffff_ffff).prefault(7471).describe("Host route table for `mark`."),
      own_route_table: integer(7472, 1, 0xffff_ffff)
        .prefault(7472)
        .describe("Host route table for `own_mark`."),
      rule_priority: integer(7470, 1, 32_764)
        .prefault(7470)
        .describe("Priority of our `ip rule`s: this one and the next."),
    },
    { error: "a map of fields such as instance, priority, first_table, mark" },
  )
  .prefault({})
  .describe(
    "What is taken of name spaces shared with other owners; change it where it collides with theirs.",
  );
