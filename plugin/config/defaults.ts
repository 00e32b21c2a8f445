/** From the fields of a checked file to the configuration: names as code writes them, and the defaults that hang on other fields. */

import type { z } from "zod";
import { type EntrySpec, LookupTable } from "../../flows/table/index.js";
import { headerBytes } from "./address.js";
import { resolveClasses } from "./classes.js";
import type {
  BridgeConfig,
  Config,
  LanConfig,
  MoverConfig,
  PeerConfig,
  PortConfig,
  SteeringConfig,
} from "./config.js";
import type { entry, file } from "./schema.js";

type File = z.output<typeof file>;
export type EntryFields = z.output<typeof entry>;

/** No path is searched for more: jumbo frames are of this MTU, where there are any. */
const jumboMtu = 9000;
/** Every path is taken to carry this much, as every one over IPv6 does (RFC 8200 §5). */
const leastMtu = 1280;

export function resolve(checked: File): Config {
  const { site, key_file, ovs, mover, peers, classes, edge, limits, stop, control, log } = checked;
  const bridges = bridgesOf(checked);
  const encrypted = mover.encryption === "on";
  return {
    site,
    ...(key_file !== undefined && encrypted && { keyFile: key_file }),
    ovs: { database: ovs.database, runDir: ovs.run_dir },
    bridges,
    classes: resolveClasses(classes, edge.tcp.keepalive),
    mover: resolveMover(mover, Math.min(...bridges.map(({ port }) => port.mtu))),
    peers: new Map(
      Object.entries(peers).map(([name, { address, link, public_key }]): [string, PeerConfig] => [
        name,
        {
          name,
          endpoint: address,
          link,
          ...(public_key !== undefined && encrypted && { publicKey: public_key }),
        },
      ]),
    ),
    edge: {
      tcp: {
        creditMax: edge.tcp.credit_max,
        connectTimeout: edge.tcp.connect_timeout,
        memory: edge.tcp.memory,
      },
    },
    limits: {
      opening: limits.opening,
      openingPerPeer: limits.opening_per_peer,
      switchFlows: limits.switch_flows,
    },
    stop,
    control: { socket: control.socket ?? `/run/ovs-tpo/${bridges[0]!.port.name}.sock` },
    log,
  };
}

/** The bridges as the file lists them, or its only one. */
function bridgesOf({ ovs, form, port, table, bridges, edge, steering }: File): BridgeConfig[] {
  // The rules have seen to it that one bridge or the list is there.
  const listed = bridges ?? [{ ...ovs, bridge: ovs.bridge!, form, port: port!, table: table ?? [] }];
  return listed.map((one, place) => ({
    bridge: one.bridge,
    ...(one.own_bridge !== undefined && { ownBridge: { name: one.own_bridge, uplink: one.uplink! } }),
    form: one.form,
    port: resolvePort(one.port),
    table: new LookupTable(one.table.map(entrySpec)),
    listenPort: edge.tcp.port + place,
    steering: resolveSteering(steering, place),
  }));
}

/** Name, VLAN and addresses of each port that the plugin has on a bridge, the local port first. */
export function lansOf({ name, vlan, addresses, trunk }: PortConfig): readonly LanConfig[] {
  return [{ name, ...(vlan !== undefined && { vlan }), addresses }, ...trunk];
}

function resolvePort({ trunk, ...port }: NonNullable<File["port"]>): PortConfig {
  return {
    ...port,
    trunk: trunk.map(({ name, vlan, addresses }) => ({
      name: name ?? trunkPortName(port.name, vlan),
      vlan,
      addresses,
    })),
  };
}

/** The name of a VLAN's port that is given none. */
export function trunkPortName(port: string, vlan: number): string {
  return `${port}-${vlan}`;
}

/** What bridges would dispute in the host goes up in steps of this, from bridge to bridge. */
const HOST_STEP = 2;

function resolveSteering(steering: File["steering"], place: number): SteeringConfig {
  const step = HOST_STEP * place;
  return {
    instance: steering.instance,
    priority: steering.priority,
    firstTable: steering.first_table,
    register: steering.register,
    passFrom: steering.pass_from,
    idle: steering.idle,
    finIdle: steering.fin_idle,
    mark: steering.mark + step,
    ownMark: steering.own_mark + step,
    routeTable: steering.route_table + step,
    ownRouteTable: steering.own_route_table + step,
    rulePriority: steering.rule_priority + step,
  };
}

function resolveMover(mover: File["mover"], mtu: number): MoverConfig {
  const headers = headerBytes(mover.listen.family);
  const segmentSize = mover.segment_size ?? (mover.underlay ? jumboMtu : Math.min(mtu, jumboMtu)) - headers;
  return {
    listen: mover.listen,
    underlay: mover.underlay,
    encrypted: mover.encryption === "on",
    segmentSize,
    leastSegmentSize: Math.min(segmentSize, leastMtu - headers),
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
