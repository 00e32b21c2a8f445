import type { Action, LearnAction } from "openflow-ts";
import type { Family, LookupTable } from "../table/index.js";
import { FlowKind } from "./cookie.js";
import { EntryFlows } from "./entry-flows.js";
import { apply, type Flow } from "./flow.js";
import { hookFlows } from "./hooks.js";
import { type AccessPort, deliverFlows, type Lan, type RestrictedPort } from "./lans.js";
import { type SwitchLayout, tableNumber } from "./layout.js";
import { Steps } from "./steps.js";
import { type Translation, translationFlows, withoutTranslation } from "./translation.js";
import { verdictFlows } from "./verdicts.js";

/** Seconds without a packet after which the switch forgets a connection. */
export interface ConnectionTimeouts {
  readonly idle: number;
  /** The same, once it has seen a FIN or RST. */
  readonly finIdle: number;
}

export interface PipelineInput {
  readonly layout: SwitchLayout;
  readonly instance: number;
  /** Which life of the plugin: 1 to `LAST_ROUND`. */
  readonly round: number;
  readonly timeouts: ConnectionTimeouts;
  readonly families: readonly Family[];
  readonly table: LookupTable;
  /** Numbers of the peers, from 1. */
  readonly peers: ReadonlyMap<string, number>;
  /** Peers whose connections are taken … */
  readonly peersUp: ReadonlySet<string>;
  /** … will be in a moment: what is opened until then passes, and goes on passing … */
  readonly peersOpening: ReadonlySet<string>;
  /** … and have been until a moment ago, or are full: what was opened until then goes on being taken. A peer can be both. */
  readonly peersClosing: ReadonlySet<string>;
  /** Whether anything new is to be taken, held or refused at all; else it passes, whatever the entries say. */
  readonly taking: boolean;
  /** The number by which the switch knows our connection, for packets that go to it. */
  readonly controllerId: number;
  /** The LANs that are served, at least one, each by a port of the plugin's. */
  readonly lans: readonly Lan[];
  /** Ports of the bridge that are in a VLAN which their frames do not name. */
  readonly access: readonly AccessPort[];
  /** Ports of the bridge that do not take in frames of each VLAN. */
  readonly restricted: readonly RestrictedPort[];
  /** OpenFlow port number of the canary. */
  readonly canary: number;
  /** OpenFlow port numbers. */
  readonly passFrom: readonly number[];
  /** The form is `rewrite`; otherwise `transparent`, in which packets keep their addresses. */
  readonly rewrite: boolean;
  /** Of earlier compilations with the same layout; saves work. */
  readonly entryFlows?: EntryFlows;
}

export interface Pipeline {
  readonly flows: readonly Flow[];
  /** Done once, this keeps new connections coming for `LEASE_SECONDS`. */
  readonly lease: LearnAction;
  /** What the lease is where there is none yet. */
  readonly leaseFlow: Flow;
  /** Takes a SYN that was handed to the controller, as if its entry accepted early. */
  take(family: Family, peer: number): readonly Action[];
  /** Lets it go, with all that comes after it. */
  letGo(family: Family): readonly Action[];
  /** Lets it pass as one that was never to be taken; its repetitions too, where that may be `remembered`. */
  pass(family: Family, remembered: boolean): readonly Action[];
  /** The flows of one connection, with the form `rewrite`. */
  translate(translation: Translation): readonly Flow[];
}

/** New connections pass when the plugin has given no sign of life for so long. */
export const LEASE_SECONDS = 2;

/** The flows of a look-up table: a pure function of what is known of table, peers and ports. See docs/pipeline.md. */
export function compilePipeline(input: PipelineInput): Pipeline {
  const steps = new Steps(input);
  const entries = (input.entryFlows ?? new EntryFlows()).compile({
    table: tableNumber(input.layout, "entries"),
    families: input.families,
    lookup: input.table,
    peers: input.peers,
    access: input.access,
    cookie: (peer) => steps.cookie(FlowKind.ENTRY, peer),
    matched: (marks) =>
      apply(...(marks.peer === 0 ? [] : [steps.register.set({ ...marks })]), steps.resubmit("verdict")),
  });
  return {
    flows: [
      ...hookFlows(input, steps),
      ...entries,
      ...verdictFlows(input, steps),
      ...(input.rewrite ? [withoutTranslation(input, steps)] : []),
      ...deliverFlows(input, steps),
    ],
    lease: steps.lease(LEASE_SECONDS),
    leaseFlow: steps.leaseFlow(LEASE_SECONDS),
    take: (family, peer) => steps.takeFrom(family, peer),
    letGo: (family) => steps.abandon(family),
    pass: (family, remembered) => (remembered ? steps.pass(family) : steps.letGo),
    translate: (translation) => translationFlows(translation, input, steps),
  };
}
