/** From the fields of a checked file to the configuration: names as code writes them, and the defaults that hang on other fields. */

import type { z } from "zod";
import { type EntrySpec, LookupTable } from "../../flows/table/index.js";
import { headerBytes } from "./address.js";
import type { Config, MoverConfig } from "./config.js";
import type { entry, file } from "./schema.js";

type File = z.output<typeof file>;
export type EntryFields = z.output<typeof entry>;

/** UDP payload of a full Ethernet frame: WAN paths seldom carry more, even where the LAN does. */
const ethernetMtu = 1500;

export function resolve(checked: File): Config {
  const { site, ovs, port, mover, peers, table, edge, steering, stop, control, log } = checked;
  return {
    site,
    ovs: { bridge: ovs.bridge, database: ovs.database, runDir: ovs.run_dir },
    port,
    mover: resolveMover(mover, port.mtu),
    peers: new Map(
      Object.entries(peers).map(([name, { address, link }]) => [name, { name, endpoint: address, link }]),
    ),
    table: new LookupTable(table.map(entrySpec)),
    edge: {
      tcp: {
        port: edge.tcp.port,
        creditMax: edge.tcp.credit_max,
        keepalive: edge.tcp.keepalive,
        connectTimeout: edge.tcp.connect_timeout,
        memory: edge.tcp.memory,
      },
    },
    steering: {
      instance: steering.instance,
      priority: steering.priority,
      firstTable: steering.first_table,
      register: steering.register,
      passFrom: steering.pass_from,
      idle: steering.idle,
      finIdle: steering.fin_idle,
      mark: steering.mark,
      ownMark: steering.own_mark,
      routeTable: steering.route_table,
      ownRouteTable: steering.own_route_table,
      rulePriority: steering.rule_priority,
    },
    stop,
    control: { socket: control.socket ?? `/run/ovs-tpo/${port.name}.sock` },
    log,
  };
}

function resolveMover(mover: File["mover"], mtu: number): MoverConfig {
  return {
    listen: mover.listen,
    underlay: mover.underlay,
    segmentSize: mover.segment_size ?? Math.min(mtu, ethernetMtu) - headerBytes(mover.listen.family),
    bufferSize: mover.buffer_size,
    rate: mover.rate,
    rateLimit: mover.rate_limit,
    receiveWindow: mover.receive_window,
    keepalive: mover.keepalive,
    silentAfter: mover.silent_after,
    deadAfter: mover.dead_after,
  };
}

/** The entry in the names of the look-up table. Fields that are left out stay out: an entry of them is `any`. */
export function entrySpec(fields: Partial<EntryFields>): EntrySpec {
  const { source_port, destination_port, when_peer_down, ...entry } = fields;
  return {
    action: "pass",
    ...entry,
    ...(source_port === undefined ? {} : { sourcePorts: source_port }),
    ...(destination_port === undefined ? {} : { ports: destination_port }),
    ...(when_peer_down === undefined ? {} : { whenPeerDown: when_peer_down }),
  };
}
