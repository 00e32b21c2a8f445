/** Reserved numbers and flag bits, by the names of the OpenFlow specification. */

/** Reserved port numbers (OpenFlow 1.5.1 §7.2.1). */
export const Port = {
  MAX: 0xffffff00,
  UNSET: 0xfffffff7,
  IN_PORT: 0xfffffff8,
  TABLE: 0xfffffff9,
  NORMAL: 0xfffffffa,
  FLOOD: 0xfffffffb,
  ALL: 0xfffffffc,
  CONTROLLER: 0xfffffffd,
  LOCAL: 0xfffffffe,
  ANY: 0xffffffff,
} as const;

/** Reserved group numbers. */
export const Group = { MAX: 0xffffff00, ALL: 0xfffffffc, ANY: 0xffffffff } as const;

/** Reserved meter numbers. */
export const Meter = {
  MAX: 0xffff0000,
  SLOWPATH: 0xfffffffd,
  CONTROLLER: 0xfffffffe,
  ALL: 0xffffffff,
} as const;

/** Reserved bucket numbers of group commands (OpenFlow 1.5.1 §7.3.4.3). */
export const Bucket = { MAX: 0xffffff00, FIRST: 0xfffffffd, LAST: 0xfffffffe, ALL: 0xffffffff } as const;

/** Reserved table numbers. */
export const Table = { MAX: 0xfe, ALL: 0xff } as const;

/** The whole packet goes to the controller: `max_len` of an output action. */
export const NO_BUFFER_LENGTH = 0xffff;

/** The packet is in the message, not in a buffer of the switch. */
export const NO_BUFFER = 0xffffffff;

/** All queues of a port. */
export const QUEUE_ALL = 0xffffffff;

/** Flags of flow mods and flow descriptions. */
export const FlowFlag = {
  SEND_FLOW_REM: 1,
  CHECK_OVERLAP: 2,
  RESET_COUNTS: 4,
  NO_PKT_COUNTS: 8,
  NO_BYT_COUNTS: 16,
} as const;

/** Flags of bundles. */
export const BundleFlag = { ATOMIC: 1, ORDERED: 2, TIME: 4 } as const;

/** Bits of a port's configuration. */
export const PortConfig = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 32, NO_PACKET_IN: 64 } as const;

/** Bits of a port's state. */
export const PortState = { LINK_DOWN: 1, BLOCKED: 2, LIVE: 4 } as const;

/** Flags of the switch configuration: what becomes of IP fragments. */
export const ConfigFlag = { FRAG_NORMAL: 0, FRAG_DROP: 1, FRAG_REASM: 2, FRAG_NX_MATCH: 3 } as const;

/** Bits of the features reply. */
export const Capability = {
  FLOW_STATS: 1,
  TABLE_STATS: 2,
  PORT_STATS: 4,
  GROUP_STATS: 8,
  IP_REASM: 32,
  QUEUE_STATS: 64,
  PORT_BLOCKED: 256,
  BUNDLES: 512,
  FLOW_MONITORING: 1024,
} as const;

/** `more` in the flags of multipart messages. */
export const MultipartFlag = { MORE: 1 } as const;

/** Flags of meters. */
export const MeterFlag = { KBPS: 1, PKTPS: 2, BURST: 4, STATS: 8 } as const;

/** What a flow monitor reports (OpenFlow 1.5.1 §7.3.5.20). */
export const FlowMonitorFlag = {
  INITIAL: 1,
  ADD: 2,
  REMOVED: 4,
  MODIFY: 8,
  INSTRUCTIONS: 16,
  NO_ABBREV: 32,
  ONLY_OWN: 64,
} as const;

/** Bits of `tcp_flags`. */
export const TcpFlag = {
  FIN: 0x001,
  SYN: 0x002,
  RST: 0x004,
  PSH: 0x008,
  ACK: 0x010,
  URG: 0x020,
  ECE: 0x040,
  CWR: 0x080,
  NS: 0x100,
} as const;

/** The bit of `vlan_vid` that says that there is a tag. */
export const VLAN_PRESENT = 0x1000;

/** Experimenter identifiers. */
export const Experimenter = {
  NICIRA: 0x00002320,
  ONF: 0x4f4e4600,
  INTEL: 0x0000aa01,
  ERICSSON: 0x000005ae,
  NSH: 0x005ad650,
} as const;
