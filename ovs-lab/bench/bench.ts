import type { WanSettings } from "../wan/settings.js";
import type { Ground } from "./ground.js";
import type { CellResult, Trial } from "./result.js";

/** Something that is measured: some cells, each several times over every way. */
export interface Bench {
  readonly name: string;
  readonly title: string;
  /** For who reads the figures: what was done, and how the figures are to be taken, in some sentences. */
  readonly summary: string;
  readonly columns: readonly Column[];
  /** The figure that the chart shows, one of the columns'. */
  readonly chart?: ChartPlan;
  cells(extent: Extent): readonly Cell[];
  /** What is wanted of a cell, and whether it is so; nothing where nothing is. */
  judge(cell: CellResult, all: readonly CellResult[]): readonly Verdict[];
}

export interface Extent {
  readonly quick: boolean;
}

export interface Cell {
  /** As it is shown, and found by `--only`. */
  readonly name: string;
  /** Without it, the cell needs no lab. */
  readonly wan?: WanSettings;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** Contenders, or what else is compared here. */
  readonly ways: readonly string[];
  /** About what a trial takes. */
  readonly seconds: number;
  /** @throws BenchError, LabError: the trial is given up, the others are not */
  trial(ground: Ground, way: string): Promise<Trial>;
}

export interface ChartPlan {
  readonly figure: string;
  /** Of the axis. */
  readonly title: string;
  readonly logarithmic?: boolean;
  /** What is wanted, drawn across. */
  readonly marks?: readonly number[];
}

/** A figure as it is shown. */
export interface Column {
  /** Of the figure in `Trial.figures`. */
  readonly figure: string;
  readonly title: string;
  /** Digits after the point; without it as many as are of use. */
  readonly decimals?: number;
  /** Shares are shown in per cent. */
  readonly share?: boolean;
}

export interface Verdict {
  /** What is wanted, such as "0.97 of the ceiling". */
  readonly wanted: string;
  /** What there is. */
  readonly found: string;
  readonly reached: boolean;
}
