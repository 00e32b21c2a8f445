import type { FieldMatch } from "openflow-ts";
import { FlowKind } from "./cookie.js";
import { apply, type Flow, flow } from "./flow.js";
import { tableNumber } from "./layout.js";
import type { PipelineInput } from "./pipeline.js";
import type { Steps } from "./steps.js";

/** A LAN that is served: the plugin's port in it. */
export interface Lan {
  /** OpenFlow port number. */
  readonly ofport: number;
  readonly mac: bigint;
  /** Of its hosts; undefined: their frames have no tag, and their ports are in no VLAN. */
  readonly vlan: number | undefined;
}

/** A port of the bridge whose frames come without a tag and are of a VLAN all the same. */
export interface AccessPort {
  /** OpenFlow port number. */
  readonly ofport: number;
  readonly vlan: number;
}

/**
 * A port of the bridge that does not take in frames of each VLAN (ovs-vswitchd.conf.db(5), `vlan_mode`, `trunks`): what is
 * not its own, the bridge drops, and so would we let a host into a VLAN that it is not in.
 */
export interface RestrictedPort {
  /** OpenFlow port number. */
  readonly ofport: number;
  /** The tags that its frames may have; 0 for none. */
  readonly tags: readonly number[];
}

/** How frames look that come into table 0: a match for each look. */
export type Looks = readonly (readonly FieldMatch[])[];

export function fromPort(ofport: number): FieldMatch {
  return { field: "in_port", value: BigInt(ofport) };
}

function tag(vlan: number | "untagged"): FieldMatch {
  return { field: "vlan_vid", value: vlan === "untagged" ? 0n : 0x1000n | BigInt(vlan) };
}

const ANY_TAG: FieldMatch = { field: "vlan_vid", value: 0x1000n, mask: 0x1000n };

/** The frames of a LAN that is served. Those without a tag that come by `foreignFrames` are not of the LAN without one. */
export function framesOf({ vlan }: Lan, access: readonly AccessPort[]): Looks {
  if (vlan === undefined) return [[tag("untagged")]];
  const members = access.filter((port) => port.vlan === vlan);
  return [[tag(vlan)], ...members.map(({ ofport }) => [tag("untagged"), fromPort(ofport)])];
}

/** Frames without a tag that are of a VLAN which is not served: to be told from those of the LAN without a tag. */
export function foreignFrames(lans: readonly Lan[], access: readonly AccessPort[]): Looks {
  if (lans.every(({ vlan }) => vlan !== undefined)) return [];
  const foreign = access.filter((port) => lans.every(({ vlan }) => vlan !== port.vlan));
  return foreign.map(({ ofport }) => [tag("untagged"), fromPort(ofport)]);
}

/** Frames that a port of the bridge does not take in, of the LANs that are served. */
export function refusedFrames(lans: readonly Lan[], restricted: readonly RestrictedPort[]): Looks {
  const served = lans.map(({ vlan }) => vlan ?? 0);
  return restricted.flatMap(({ ofport, tags }) => {
    const refused = served.filter((vlan) => !tags.includes(vlan));
    // All that have a tag, in one.
    if (tags.every((vlan) => vlan === 0)) {
      return [
        ...(refused.some((vlan) => vlan !== 0) ? [[ANY_TAG, fromPort(ofport)]] : []),
        ...(refused.includes(0) ? [[tag("untagged"), fromPort(ofport)]] : []),
      ];
    }
    return refused.map((vlan) => [tag(vlan === 0 ? "untagged" : vlan), fromPort(ofport)]);
  });
}

/** The flows that send a frame to the plugin's port in its LAN, where there are several. */
export function deliverFlows({ lans, access, layout }: PipelineInput, steps: Steps): Flow[] {
  if (lans.length === 1) return [];
  const table = tableNumber(layout, "deliver");
  // The more a look names, the higher it stands: an access port's frames before those without a tag in general.
  return lans.flatMap((lan) =>
    framesOf(lan, access).map((look) =>
      flow(table, look.length, steps.cookie(FlowKind.VERDICT), look, apply(...steps.deliverTo(lan))),
    ),
  );
}
