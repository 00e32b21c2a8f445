/**
 * The configuration file: its fields, in the file's own names, with their defaults.
 *
 * What one field may hold is said here; what fields must be to each other is said in `rules.ts`.
 * `jsonSchema()` publishes this for editors.
 */

import { z } from "zod";
import { classes, className, keepalive } from "./class-schema.js";
import { steering } from "./steering-schema.js";
import {
  absolutePath,
  address,
  boolean,
  duration,
  endpoint,
  integer,
  interfaceAddress,
  name,
  network,
  oneOf,
  ports,
  prefix,
  publicKey,
  rate,
  size,
} from "./values.js";

/** IFNAMSIZ, less its terminator. */
const portName = name("a port name as Linux allows it", "tpo0", 15);
const siteName = name("a site name", "a", 63);
const second = 1000;
const kilobyte = 2 ** 10;
const megabyte = 2 ** 20;
const gigabyte = 2 ** 30;

const bridgeName = name("a bridge name", "br0", 63);

/** Our own bridge's name makes those of the patch's ends. */
const ownBridge = {
  own_bridge: name("a bridge name", "br-tpo", 11)
    .exactOptional()
    .describe("Attach to a bridge of our own in front of `uplink`, and put no flow on the bridge itself."),
  uplink: name("the name of a port of the bridge", "eth0", 63)
    .exactOptional()
    .describe("With `own_bridge`: the bridge's port towards the WAN."),
};

export const ovs = z
  .strictObject(
    {
      bridge: bridgeName.exactOptional().describe("The bridge to attach to. For several, see `bridges`."),
      ...ownBridge,
      database: z
        .string({ error: "unix:PATH or tcp:ADDRESS:PORT" })
        .regex(/^(unix:\/.+|tcp:.+:\d{1,5})$/, { error: "unix:PATH or tcp:ADDRESS:PORT" })
        .meta({ examples: ["unix:/var/run/openvswitch/db.sock"] })
        .prefault("unix:/var/run/openvswitch/db.sock")
        .describe("Where ovsdb-server serves the Open_vSwitch database."),
      run_dir: absolutePath("/var/run/openvswitch")
        .prefault("/var/run/openvswitch")
        .describe("Folder with the sockets of ovs-vswitchd, BRIDGE.mgmt among them."),
    },
    { error: "a map with the field bridge" },
  )
  .prefault({})
  .describe("The switch.");

export const form = oneOf("transparent", "rewrite")
  .prefault("transparent")
  .describe(
    "transparent: packets reach the edge with their addresses (TPROXY); rewrite: the switch rewrites them to the " +
      "edge's own address and back, for hosts without TPROXY or policy routing.",
  );

const vlan = integer(10, 1, 4094);
const interfaceAddresses = z
  .array(interfaceAddress, { error: "a list of addresses with the length of their prefixes" })
  .min(1, { error: "at least one address with the length of its prefix" });

export const route = z.strictObject(
  {
    to: prefix.describe("What is behind the router."),
    via: address.describe("The router's address on the LAN."),
  },
  { error: "a map with the fields to and via" },
);

export const trunk = z.strictObject(
  {
    vlan: vlan.describe("The VLAN."),
    name: portName.exactOptional().describe("Name of the internal port there. Default: PORT-VLAN."),
    addresses: interfaceAddresses
      .meta({ examples: [["10.1.20.2/24"]] })
      .describe("The port's own addresses there."),
  },
  { error: "a map with the fields vlan, name and addresses" },
);

export const port = z
  .strictObject(
    {
      name: portName
        .prefault("tpo0")
        .describe("Name of the internal port that the plugin adds to the bridge."),
      addresses: interfaceAddresses
        .meta({ examples: [["10.1.0.2/24"]] })
        .describe("The port's own addresses on the LAN."),
      gateways: z
        .array(address, { error: "a list of addresses, at most one of each family" })
        .meta({ examples: [["10.1.0.1"]] })
        .prefault([])
        .describe("Routers by which what is not on the LAN is reached; one for each family."),
      routes: z
        .array(route, { error: "a list of routes, each with the fields to and via" })
        .meta({ examples: [[{ to: "10.1.5.0/24", via: "10.1.0.254" }]] })
        .prefault([])
        .describe("Other routers on the LAN, and the networks behind them."),
      vlan: vlan.exactOptional().describe("VLAN of the LAN. Default: none, its frames have no tag."),
      trunk: z
        .array(trunk, { error: "a list of VLANs, each with the fields vlan and addresses" })
        .meta({ examples: [[{ vlan: 20, addresses: ["10.1.20.2/24"] }]] })
        .prefault([])
        .describe("Further VLANs that are served, each by an internal port of its own."),
      mtu: integer(1500, 1280, 65_535).prefault(1500).describe("MTU of the LAN, in bytes."),
    },
    { error: "a map with the fields name, addresses, gateways, routes, vlan, trunk and mtu" },
  )
  .describe("The local port: how the plugin is on the LAN.");

export const mover = z
  .strictObject(
    {
      listen: endpoint.describe("Address and port of this site's mover, UDP and TCP."),
      underlay: boolean
        .prefault(false)
        .describe(
          "The mover is bound to an address of the host's, not of the local port, and takes the host's routes.",
        ),
      encryption: oneOf("on", "off")
        .prefault("on")
        .describe(
          "on: peers prove who they are by their keys, and datagrams are sealed; off, at both sites: neither, for an underlay that is private by itself.",
        ),
      segment_size: integer(1472, 512, 65_507)
        .optional()
        .describe(
          "Bytes of UDP payload in one segment, at most; how much the path takes is probed for, from an MTU of 1280 up. Default: what fits the MTU.",
        ),
      buffer_size: size("64KB", 4 * kilobyte, 64 * kilobyte)
        .prefault("64KB")
        .describe("Bytes of messages that are compressed and sent as one buffer, at most."),
      rate: oneOf("adaptive", "fixed")
        .prefault("adaptive")
        .describe(
          "adaptive: the sending rate is found; fixed: it is rate_limit, for a line that nobody else uses.",
        ),
      rate_limit: rate("100mbit", 64e3, 400e9)
        .nullable()
        .prefault(null)
        .describe("Ceiling of the sending rate to each peer; null for none."),
      receive_window: size("64MB", megabyte, 16 * gigabyte)
        .prefault("64MB")
        .describe("What may wait for missing segments, for each peer."),
      keepalive: duration("400ms", 50, 60 * second)
        .prefault("400ms")
        .describe("Something is sent to each peer at least this often."),
      silent_after: duration("2500ms", 100, 600 * second)
        .prefault("2500ms")
        .describe("Silence after which a peer counts as gone: new connections pass, those under way wait."),
      dead_after: duration("45s", 500, 3600 * second)
        .prefault("45s")
        .describe("Silence after which a session is given up and its connections are reset."),
    },
    { error: "a map with the field listen" },
  )
  .describe("The data mover: how this site is on the WAN.");

export const peer = z.strictObject(
  {
    address: endpoint.describe("Address and port of the peer's mover."),
    public_key: publicKey
      .exactOptional()
      .describe(
        "The peer's public key, as `ovs-tpo keygen` prints it there; needed unless mover.encryption is off.",
      ),
    link: oneOf("auto", "udp", "tcp")
      .prefault("auto")
      .describe(
        "What carries the mover's datagrams: udp; tcp, a connection to the same port; auto: UDP, and TCP while UDP does not get through.",
      ),
  },
  { error: "a map with the fields address, public_key and link" },
);

export const peers = z
  .record(siteName, peer, { error: "a map of site names to peers" })
  .meta({
    examples: [
      { b: { address: "10.2.0.2:4754", public_key: "Hpmbhz7XW3D8lqWqDEG53r1rC4kKPoEqDOkSrHzyvzs=" } },
    ],
  })
  .describe("The other sites, by their site names.");

export const entry = z.strictObject(
  {
    name: name("a name of the entry", "web", 63)
      .exactOptional()
      .describe("Stands in messages. Default: #PLACE."),
    protocol: oneOf("tcp").describe("IP protocol."),
    source: network.exactOptional().describe("Who opens the connection. Default: any."),
    source_port: ports.exactOptional().describe("Default: any."),
    destination: network.exactOptional().describe("Whom it is opened to. Default: any."),
    destination_port: ports.exactOptional().describe("Default: any."),
    vlan: vlan
      .exactOptional()
      .describe("VLAN of who opens the connection, one of the port's. Default: any of them."),
    action: oneOf("optimize", "pass").describe(
      "optimize: carry it through `peer`; pass: leave it to the bridge.",
    ),
    peer: siteName.exactOptional().describe("The site at the destination; for action optimize only."),
    class: className
      .exactOptional()
      .describe("One of `classes`. Default: default. For action optimize only."),
    accept: oneOf("early", "confirmed")
      .exactOptional()
      .describe(
        "early: the client is answered at once; confirmed: once the far site has connected, or been refused. " +
          "Default: early. For action optimize only.",
      ),
    when_peer_down: oneOf("pass", "hold", "refuse")
      .exactOptional()
      .describe(
        "New connections while there is no session to `peer` pass directly, wait for it, or are refused. " +
          "Default: pass. For action optimize only.",
      ),
  },
  { error: "a map with the fields protocol, source, destination, action and peer" },
);

export const table = z
  .array(entry, { error: "a list of entries" })
  .meta({ examples: [[{ protocol: "tcp", destination: "10.2.0.0/24", action: "optimize", peer: "b" }]] })
  .describe("The look-up table: the first entry that fits a connection decides; what fits none passes.");

export const bridge = z.strictObject(
  {
    bridge: bridgeName.describe("The bridge to attach to."),
    ...ownBridge,
    form,
    port,
    table: table.prefault([]),
  },
  { error: "a map with the fields bridge, own_bridge, uplink, form, port and table" },
);

export const bridges = z
  .array(bridge, { error: "a list of bridges" })
  .min(1, { error: "at least one bridge" })
  .meta({ examples: [[{ bridge: "br0", port: { addresses: ["10.1.0.2/24"] } }]] })
  .describe("Several bridges, in place of `ovs.bridge`, `port` and `table`.");

export const tcp = z
  .strictObject(
    {
      port: integer(4755, 1, 65_535).prefault(4755).describe("TCP port of the transparent listener."),
      credit_max: size("64MB", megabyte, gigabyte)
        .prefault("64MB")
        .describe("What a connection may have under way in one direction; it begins with 1MB."),
      keepalive: keepalive
        .prefault("15s")
        .describe("Idle time after which the applications' ends of a connection are probed."),
      connect_timeout: duration("20s", 100, 300 * second)
        .prefault("20s")
        .describe("How long the far edge tries to reach the destination."),
      memory: size("512MB", megabyte, 1024 * gigabyte)
        .prefault("512MB")
        .describe(
          "What all connections together may hold; past three quarters of it new ones pass unaccelerated.",
        ),
    },
    { error: "a map with the fields port, credit, credit_max, keepalive, connect_timeout and memory" },
  )
  .prefault({})
  .describe("The TCP edge.");

export const edge = z
  .strictObject({ tcp }, { error: "a map with the field tcp" })
  .prefault({})
  .describe("The edges: how the plugin is to applications.");

export const limits = z
  .strictObject(
    {
      opening: integer(8192, 16, 1_000_000)
        .prefault(8192)
        .describe(
          "Connections that are being opened, at this site or the far one; past it new ones pass directly.",
        ),
      opening_per_peer: integer(4096, 16, 1_000_000)
        .prefault(4096)
        .describe("The same, with one peer; past it new connections to this peer pass directly."),
      switch_flows: integer(200_000, 1000, 10_000_000)
        .prefault(200_000)
        .describe("Flows that each bridge may learn from SYNs; past it new connections pass directly."),
    },
    { error: "a map with the fields opening, opening_per_peer and switch_flows" },
  )
  .prefault({})
  .describe("Ceilings against floods. That of memory is `edge.tcp.memory`.");

export const stop = z
  .strictObject(
    {
      drain: duration("2s", 0, 3600 * second)
        .prefault("2s")
        .describe("At a stop, open connections get so long to come to their end; then they are reset."),
    },
    { error: "a map with the field drain" },
  )
  .prefault({})
  .describe("How it stops.");

export const control = z
  .strictObject(
    {
      socket: absolutePath("/run/ovs-tpo/tpo0.sock")
        .optional()
        .describe("Path of the control socket. Default: /run/ovs-tpo/PORT.sock."),
    },
    { error: "a map with the field socket" },
  )
  .prefault({});

export const log = z
  .strictObject(
    { level: oneOf("info", "trace", "debug", "warn", "error", "fatal").prefault("info") },
    { error: "a map with the field level" },
  )
  .prefault({});

export const keyFile = absolutePath("/etc/ovs-tpo/key").describe(
  "This site's private key, made by `ovs-tpo keygen FILE`; needed unless mover.encryption is off.",
);

export { steering };

export const file = z.strictObject(
  {
    site: siteName.describe("Name of this site; its peers know it by this name."),
    key_file: keyFile.exactOptional(),
    ovs,
    form,
    port: port.exactOptional(),
    mover,
    peers: peers.prefault({}),
    classes,
    table: table.exactOptional(),
    bridges: bridges.exactOptional(),
    edge,
    steering,
    limits,
    stop,
    control,
    log,
  },
  { error: "a map with the fields site, ovs, port, mover, peers and table" },
);

/** The JSON Schema (2020-12) of the file, for editors and for fleet tools. */
export function jsonSchema(): object {
  return {
    ...z.toJSONSchema(file, { io: "input", target: "draft-2020-12" }),
    title: "ovs-tpo configuration of one site",
  };
}
