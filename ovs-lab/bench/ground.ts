import { cpus } from "node:os";
import { chooseCongestionControl } from "../demo/congestion-control.js";
import { Lab } from "../lab.js";
import type { PluginOverlays } from "../options.js";
import { defaultWan, type WanSettings } from "../wan/settings.js";
import { type Contender, type ContenderName, HOSTS, SOURCE_PORT } from "./contender.js";
import { direct } from "./contenders/direct.js";
import { Kcptun } from "./contenders/kcptun.js";
import { optimized } from "./contenders/optimized.js";
import { Split } from "./contenders/split.js";
import { SshTunnel } from "./contenders/ssh.js";
import { encryptionOf } from "./encryption.js";
import { SOURCE } from "./load-run.js";
import { pluginStatus } from "./observation.js";
import { Service } from "./service.js";
import { Cable } from "./underlay/cable.js";

/** What a cell wants of the lab. */
export interface Surroundings {
  readonly wan: Partial<WanSettings>;
  /** Another lab is built where these differ. */
  readonly plugins?: PluginOverlays;
}

/** A lab with a source on every host of site b, and every way to get there. */
interface Standing {
  readonly lab: Lab;
  readonly plugins: string;
  readonly sources: readonly Service[];
  wan: WanSettings;
}

/** Where the benches take place. It is built when it is first wanted, and again when it is broken. */
export class Ground {
  readonly name: string;
  readonly contenders: ReadonlyMap<ContenderName, Contender>;
  readonly #say: (line: string) => void;
  #standing: Standing | undefined;
  #building: Promise<unknown> | undefined;
  #cable: Promise<Cable> | undefined;
  #isClosed = false;
  #conditions: readonly string[] = [];

  /** @param name of the lab @param say told in short lines what is being done */
  constructor(name: string, say: (line: string) => void) {
    this.name = name;
    this.#say = say;
    const all = [
      optimized(),
      direct("cubic"),
      direct("bbr"),
      new Split(),
      new Kcptun("kcptun"),
      new Kcptun("kcptun-default"),
      new SshTunnel(),
    ];
    this.contenders = new Map(all.map((contender) => [contender.name, contender]));
  }

  contender(name: ContenderName): Contender {
    return this.contenders.get(name)!;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** What holds for all that is measured here, a sentence each. */
  get conditions(): readonly string[] {
    return this.#conditions;
  }

  /** The sources' processes. */
  get sources(): readonly number[] {
    return this.#standing?.sources.map(({ child }) => child.pid!) ?? [];
  }

  /**
   * The lab, so surrounded. What the plugins have learnt of another WAN is forgotten.
   * @throws LabError
   */
  async lab({ wan, plugins = {} }: Surroundings): Promise<Lab> {
    const wanted: WanSettings = { ...defaultWan, ...wan };
    const overlays = JSON.stringify(plugins);
    if (this.#standing?.plugins !== overlays || (await this.#isBroken())) {
      await this.#remove();
      this.#building = this.#build(wanted, plugins, overlays);
      await this.#building;
    }
    const standing = this.#standing!;
    if (JSON.stringify(standing.wan) !== JSON.stringify(wanted)) {
      const { lab } = standing;
      await lab.set(wanted);
      standing.wan = wanted;
      const controls = lab.topology.sites.map(({ name }) => lab.plugin(name));
      await Promise.all(controls.map((plugin) => plugin.restart()));
      await Promise.all(controls.map((plugin) => plugin.ready()));
    }
    return standing.lab;
  }

  /** Two ends without a lab between them. The lab goes: its processes are not to have a share. */
  async cable(): Promise<Cable> {
    await this.#remove();
    this.#cable ??= Cable.lay(this.name);
    return this.#cable;
  }

  get processors(): number {
    return cpus().length;
  }

  /** What is set now. */
  get wan(): WanSettings {
    return this.#standing?.wan ?? defaultWan;
  }

  /** Removes everything, also what is still being built. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#cable !== undefined) {
      await this.#cable.catch(() => {});
      await Cable.remove(this.name);
    }
    if (this.#building === undefined) return;
    await Lab.down(this.name).catch(() => {}); // what is being built resists, or fails for want of what is gone
    await this.#building.catch(() => {});
    await this.#remove();
    await Lab.down(this.name);
  }

  async #build(wan: WanSettings, plugins: PluginOverlays, overlays: string): Promise<void> {
    if (this.#isClosed) return;
    const lab = await Lab.up({ name: this.name, hosts: HOSTS, ...wan, plugins }, this.#say);
    const hosts = Array.from({ length: HOSTS }, (_, index) => `b-host${index + 1}`);
    // The LAN's part of a way is the same for all; direct ways choose their own.
    for (const host of hosts) await chooseCongestionControl(lab, host, "cubic");
    const argv = [process.execPath, SOURCE, `${SOURCE_PORT}`];
    const sources = await Promise.all(
      hosts.map((node) => Service.start({ lab, node, argv, listensOn: SOURCE_PORT })),
    );
    const { datapath } = await lab.status();
    this.#conditions = [
      `Both sites, the WAN and all that is compared share this machine's processors; datapath ${datapath}.`,
      "Data goes from site b to site a. C counts whole Ethernet frames without check sequence. Loss is each way, of single frames at random, or `bursts SHARE:LENGTH` by Gilbert's two states. The queue before the rate holds one bandwidth-delay product, unless a cell says otherwise.",
      "No process is bound to a processor or limited in its share; the emulator and the switches go before the others (nice -5). Sources send to what ends their connection on the LAN with cubic.",
      `ovs-tpo: ${encryptionOf(await pluginStatus(lab, "b"))}. What is in the routers (HAProxy, kcptun, ssh) need not cross a switch twice, as ovs-tpo must.`,
    ];
    this.#standing = { lab, plugins: overlays, sources, wan };
  }

  async #isBroken(): Promise<boolean> {
    if (this.#standing === undefined) return true;
    try {
      const { state, sites } = await this.#standing.lab.status();
      const isWhole = state === "up" && sites.every(({ plugin }) => plugin.pid !== null);
      return !isWhole || this.#standing.sources.some(({ ended }) => ended);
    } catch {
      return true;
    }
  }

  async #remove(): Promise<void> {
    if (this.#standing === undefined) return;
    this.#standing = undefined;
    for (const contender of this.contenders.values()) await contender.stop();
    await Lab.down(this.name);
  }
}
