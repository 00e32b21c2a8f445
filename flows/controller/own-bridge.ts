import { type Database, NamedUuid, type Operation, operations } from "ovsdb-client";
import { findBridge, findInterface, findPort, PortError, type SwitchTables } from "ovsdb-client/open-vswitch";
import { OWNER_KEY } from "./owner.js";

export interface OwnBridgeOptions {
  /** The bridge whose way out is led over one of ours. */
  readonly bridge: string;
  /** Ours. */
  readonly name: string;
  /** The port of `bridge` that leads out: towards the WAN. It becomes a port of ours. */
  readonly uplink: string;
  readonly instance: number;
}

const op = operations<SwitchTables>();
/** Has vswitchd look at everything, and say when it has. */
const countConfiguration = op.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1n]]);

/** Milliseconds that vswitchd has for taking the uplink back. */
const RETURN_TIMEOUT = 5000;

/** What is kept in `external_ids` of our end of the patch, to leave everything as it was found. */
const REQUEST_KEY = "ovs-tpo-ofport-request";
const ADDRESS_KEY = "ovs-tpo-hwaddr";

/**
 * A bridge of ours between a bridge and its uplink, for bridges whose controller wants no flows beside its own:
 *
 * ```
 *   hosts ── bridge ══ patch ══ ours ── uplink
 *                                └── our local port
 * ```
 *
 * The bridge gets no flow at all, and in the uplink's place a patch port, with the uplink's OpenFlow number and VLANs. Its
 * own address, from which its datapath id comes, may have been the uplink's, and is held (`other_config:hwaddr`). All of it
 * is one transaction there, and one back. Without the plugin our bridge is a plain switch, so traffic passes.
 */
export class OwnBridge {
  readonly #db: Database<SwitchTables>;
  readonly #options: OwnBridgeOptions;
  readonly #owner: Readonly<Record<string, string>>;
  /** The patch's ends: at the bridge, and at ours. */
  readonly #ends: { readonly there: string; readonly here: string };

  constructor(db: Database<SwitchTables>, options: OwnBridgeOptions) {
    this.#db = db;
    this.#options = options;
    this.#owner = { [OWNER_KEY]: String(options.instance) };
    this.#ends = { there: `${options.name}-out`, here: `${options.name}-in` };
  }

  /** What is to be waited for or done; undefined where it is in place. */
  get lacking():
    | { readonly state: "no-bridge" | "unsettled" | "pending"; readonly reason: string }
    | undefined {
    const { bridge, name, uplink } = this.#options;
    const { replica } = this.#db;
    if (!findBridge(replica, bridge)) return { state: "no-bridge", reason: `there is no bridge ${bridge}` };
    if (!findPort(replica, uplink)) return { state: "pending", reason: `port ${uplink} is not on ${bridge}` };
    if (this.#isOn(name, uplink) && this.#isOn(bridge, this.#ends.there) && this.#isOn(name, this.#ends.here))
      return undefined;
    return { state: "unsettled", reason: `leading ${uplink} over ${name}` };
  }

  /** Leads the uplink over our bridge, as far as it is not led there. Throws `PortError` where that cannot be. */
  async add(): Promise<void> {
    const { bridge, name, uplink } = this.#options;
    const { replica } = this.#db;
    const production = findBridge(replica, bridge);
    const port = findPort(replica, uplink);
    if (!production || !port) return;
    const ours = findBridge(replica, name);
    this.#check(port, ours);
    const device = findInterface(replica, uplink);
    const { tag, trunks, vlan_mode } = port;
    const vlans = { tag, trunks, vlan_mode };
    const steps: Operation[] = [
      op.wait("Port", [["name", "==", uplink]], ["interfaces"], "==", [{ interfaces: port.interfaces }], 0),
    ];
    const own: (NamedUuid<"Port"> | typeof port._uuid)[] = [];
    if (!this.#isOn(name, this.#ends.here)) {
      const { row, operations: made } = this.#patchEnd("here", vlans);
      steps.push(...made);
      own.push(row);
    }
    if (!this.#isOn(name, uplink)) own.push(port._uuid);
    const moves = this.#isOn(bridge, uplink);
    if (!this.#isOn(bridge, this.#ends.there)) {
      const address = findInterface(replica, bridge)?.mac_in_use;
      const held = production.other_config.has("hwaddr") ? undefined : address;
      const number =
        moves && device?.ofport !== undefined && device.ofport > 0 ? Number(device.ofport) : undefined;
      const kept = {
        [REQUEST_KEY]: String(device?.ofport_request ?? ""),
        ...(held !== undefined && { [ADDRESS_KEY]: held }),
      };
      const { row, operations: made } = this.#patchEnd("there", vlans, kept, number);
      steps.push(...made, op.mutate("Bridge", [["name", "==", bridge]], [["ports", "insert", row]]));
      if (held !== undefined)
        steps.push(
          op.mutate("Bridge", [["name", "==", bridge]], [["other_config", "insert", { hwaddr: held }]]),
        );
    }
    if (moves) steps.push(op.mutate("Bridge", [["name", "==", bridge]], [["ports", "delete", port._uuid]]));
    if (ours) steps.push(op.mutate("Bridge", [["name", "==", name]], [["ports", "insert", own]]));
    else {
      const made = new NamedUuid<"Bridge">("bridge");
      const { datapath_type } = production;
      steps.push(
        op.insert("Bridge", { name, datapath_type, external_ids: this.#owner, ports: own }, { as: made }),
        op.mutate("Open_vSwitch", [], [["bridges", "insert", made]]),
      );
    }
    await this.#db.transact([...steps, op.comment(`lead ${uplink} of ${bridge} over ${name}`)]);
  }

  /** Throws `PortError` where a name is taken, or the uplink is none that can be led over another bridge. */
  #check(
    port: Pick<SwitchTables["Port"], "interfaces">,
    ours: Pick<SwitchTables["Bridge"], "external_ids"> | undefined,
  ): void {
    const { bridge, name, uplink } = this.#options;
    if (ours && !this.#isOurs(ours.external_ids))
      throw new PortError("PORT_TAKEN", `there is a bridge "${name}" already, which is not ours`);
    if (port.interfaces.length !== 1)
      throw new PortError("PORT_TAKEN", `port "${uplink}" is a bond; name a port with one interface`);
    if (!this.#isOn(bridge, uplink) && !this.#isOn(name, uplink))
      throw new PortError("PORT_TAKEN", `port "${uplink}" is not on ${bridge}`);
  }

  /** One end of the patch; `kept` goes into its `external_ids`. */
  #patchEnd(
    side: "here" | "there",
    vlans: Pick<SwitchTables["Port"], "tag" | "trunks" | "vlan_mode">,
    kept: Readonly<Record<string, string>> = {},
    request?: number,
  ): { readonly row: NamedUuid<"Port">; readonly operations: Operation[] } {
    const name = this.#ends[side];
    const peer = this.#ends[side === "here" ? "there" : "here"];
    const row = new NamedUuid<"Port">(`port_${side}`);
    const end = new NamedUuid<"Interface">(`interface_${side}`);
    const external_ids = { ...this.#owner, ...kept };
    const device = { name, type: "patch", options: { peer }, external_ids };
    const requested = request === undefined ? device : { ...device, ofport_request: request };
    return {
      row,
      operations: [
        op.insert("Interface", requested, { as: end }),
        op.insert("Port", { name, interfaces: end, ...vlans }, { as: row }),
      ],
    };
  }

  /** Gives the uplink back, by its old number, and takes our bridge away. */
  async remove(): Promise<void> {
    const { bridge, name, uplink } = this.#options;
    const { replica } = this.#db;
    const ours = findBridge(replica, name);
    const production = findBridge(replica, bridge);
    if (!ours || !this.#isOurs(ours.external_ids) || !production) return;
    const there = findPort(replica, this.#ends.there);
    const end = findInterface(replica, this.#ends.there);
    const port = findPort(replica, uplink);
    const number = end?.ofport === undefined ? undefined : Number(end.ofport);
    const request = Number(end?.external_ids.get(REQUEST_KEY) || Number.NaN);
    const where = [["name", "==", bridge]] as const;
    const steps: Operation[] = [];
    if (there) steps.push(op.mutate("Bridge", where, [["ports", "delete", there._uuid]]));
    if (port && this.#isOn(name, uplink))
      steps.push(op.mutate("Bridge", where, [["ports", "insert", port._uuid]]));
    if (number !== undefined && number > 0)
      steps.push(op.update("Interface", [["name", "==", uplink]], { ofport_request: number }));
    const held = end?.external_ids.get(ADDRESS_KEY);
    if (held !== undefined && production.other_config.get("hwaddr") === held)
      steps.push(op.mutate("Bridge", where, [["other_config", "delete", { hwaddr: held }]]));
    steps.push(
      op.mutate("Open_vSwitch", [], [["bridges", "delete", ours._uuid]]),
      countConfiguration,
      op.comment(`give ${uplink} back to ${bridge}`),
    );
    // While vswitchd is away the request stays, and does what it is there for when it is back.
    await this.#apply(steps);
    // A deleted patch port keeps its number until vswitchd has gone round once more. So the uplink gets another at first, and
    // the one it asks for in the next reconfiguration, which must still find the request.
    if (number !== undefined && Number(findInterface(replica, uplink)?.ofport) !== number)
      await this.#apply([countConfiguration]);
    await this.#db.transact([
      op.update("Interface", [["name", "==", uplink]], {
        ofport_request: Number.isNaN(request) ? undefined : request,
      }),
    ]);
  }

  /** Carries out steps that count the configuration; resolves once vswitchd has put it in place. */
  async #apply(steps: readonly Operation[]): Promise<void> {
    const { next } = this.#configuration();
    await this.#db.transact([...steps]);
    await this.#db.waitFor(() => this.#configuration().current > next, {
      timeout: RETURN_TIMEOUT,
      what: `port ${this.#options.uplink} on ${this.#options.bridge}`,
    });
  }

  /** The number of the configuration that is wanted, and of the one that vswitchd has put in place (`ovs-vswitchd.conf.db(5)`). */
  #configuration(): { readonly next: bigint; readonly current: bigint } {
    const [row] = this.#db.replica.table("Open_vSwitch");
    return { next: BigInt(row?.next_cfg ?? 0), current: BigInt(row?.cur_cfg ?? 0) };
  }

  #isOn(bridge: string, name: string): boolean {
    const { replica } = this.#db;
    const port = findPort(replica, name);
    return port !== undefined && (findBridge(replica, bridge)?.ports.includes(port._uuid) ?? false);
  }

  #isOurs(marks: ReadonlyMap<string, string>): boolean {
    return marks.get(OWNER_KEY) === this.#owner[OWNER_KEY];
  }
}
