import type { HeaderForm } from "../model/match.js";
import type { Version } from "../version.js";

/** How a field's value is written and read as text. */
export type ValueKind =
  | "decimal"
  | "hexadecimal"
  | "ethernet"
  | "ipv4"
  | "ipv6"
  | "port"
  | "tcp_flags"
  | "ct_state"
  | "fragment"
  | "packet_type";

/** What a packet must be for a field to exist in it (OpenFlow 1.5.1 §7.2.3.6, ovs-fields(7)). */
export type Prerequisite =
  | "none"
  | "vlan"
  | "mpls"
  | "pbb"
  | "ip"
  | "ipv4"
  | "ipv6"
  | "arp"
  | "tcp"
  | "udp"
  | "sctp"
  | "icmpv4"
  | "icmpv6"
  | "nd"
  | "nd_solicit"
  | "nd_advert"
  | "nsh"
  | "conntrack";

/** One way in which a field stands on the wire. */
export interface FieldHeader {
  readonly form: HeaderForm;
  /** The name that ovs-fields(7) has for it. */
  readonly name: string;
  readonly class: number;
  readonly number: number;
  /** Only in class 0xffff. */
  readonly experimenter?: number;
  /** ONF's extensions repeat the number, as 16 bits, behind the experimenter. */
  readonly experimenterType?: number;
  /** The first version that has it. */
  readonly since: Version;
}

/** What is known of a field. */
export interface FieldRow {
  /** Significant bits. */
  readonly bits: number;
  /** Bytes on the wire, where it is not the least number that holds `bits`. */
  readonly bytes?: number;
  readonly kind: ValueKind;
  /** Arbitrary masks are allowed. */
  readonly maskable?: true;
  /** Actions may not set it. */
  readonly readOnly?: true;
  readonly requires?: Prerequisite;
  /** In the order of preference. */
  readonly headers: readonly FieldHeader[];
  /** The name that `ovs-ofctl` has for it, where that is another. */
  readonly alias?: string;
}

const header =
  (form: HeaderForm, prefix: string, oxmClass: number) =>
  (number: number, name: string, since: Version = 4): FieldHeader => ({
    form,
    name: `${prefix}${name}`,
    class: oxmClass,
    number,
    since,
  });

export const oxm = header("oxm", "OXM_OF_", 0x8000);
export const packetRegister = header("oxm", "OXM_OF_", 0x8001);
export const nxm0 = header("nxm", "NXM_OF_", 0);
export const nxm1 = header("nxm", "NXM_NX_", 1);
