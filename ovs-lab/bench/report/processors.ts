import { digits } from "../../demo/quantity.js";
import type { BenchResult, Trial, WayResult } from "../result.js";
import { median } from "../statistics.js";
import type { Table } from "./table.js";

/** A prefix of figures that are processor seconds of a process, where there is no observation to hold them. */
const OWN = "cpu_s ";

/** Processor seconds of each process, the median of a way's trials; undefined where none were seen. */
export function processorTable({ cells }: Pick<BenchResult, "cells">): Table | undefined {
  const names = [
    ...new Set(
      cells.flatMap(({ ways }) =>
        ways.flatMap(({ trials }) => trials.flatMap((trial) => Object.keys(seconds(trial)))),
      ),
    ),
  ];
  if (names.length === 0) return undefined;
  return {
    header: ["", "way", ...names],
    rows: cells.flatMap(({ cell, ways }) =>
      ways
        .filter(({ trials }) => trials.length > 0)
        .map((way, index) => [index === 0 ? cell : "", way.way, ...names.map((name) => middle(way, name))]),
    ),
  };
}

function seconds({ figures, observation }: Trial): Readonly<Record<string, number>> {
  const own = Object.entries(figures).flatMap(([name, value]) =>
    name.startsWith(OWN) ? [[name.slice(OWN.length), value] as const] : [],
  );
  const { cpu, machine } = observation ?? {};
  return {
    ...cpu,
    ...(machine === undefined ? {} : { "whole machine": machine.busy, stolen: machine.stolen }),
    ...Object.fromEntries(own),
  };
}

function middle(way: WayResult, name: string): string {
  const values = way.trials.flatMap((trial) => {
    const value = seconds(trial)[name];
    return value === undefined ? [] : [value];
  });
  return values.length === 0 ? "" : digits(median(values));
}
