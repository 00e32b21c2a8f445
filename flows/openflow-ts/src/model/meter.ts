import type { MeterModCommand } from "./enumeration.js";
import type { Duration } from "./instruction.js";

export type MeterBand =
  | { readonly type: "drop"; readonly rate: number; readonly burst: number }
  | {
      readonly type: "dscp_remark";
      readonly rate: number;
      readonly burst: number;
      readonly precedenceLevel: number;
    }
  | {
      readonly type: "experimenter";
      readonly rate: number;
      readonly burst: number;
      readonly experimenter: number;
      readonly data: Uint8Array;
    };

export interface MeterMod {
  readonly type: "meter_mod";
  readonly command: MeterModCommand;
  /** Bits of `MeterFlag`. */
  readonly flags: number;
  readonly meter: number;
  readonly bands: readonly MeterBand[];
}

export interface MeterDescription {
  readonly flags: number;
  readonly meter: number;
  readonly bands: readonly MeterBand[];
}

export interface MeterStatistics {
  readonly meter: number;
  readonly flowCount: number;
  readonly packetCount: bigint;
  readonly byteCount: bigint;
  readonly duration: Duration;
  readonly bands: readonly { readonly packetCount: bigint; readonly byteCount: bigint }[];
}

export interface MeterFeatures {
  readonly maxMeters: number;
  readonly bandTypes: number;
  readonly capabilities: number;
  readonly maxBands: number;
  readonly maxColor: number;
  /** OpenFlow 1.5, where OVS leaves it out. */
  readonly features?: number;
}
