/** What is ours of the resources that all owners of a bridge's flows share. */
export interface SwitchLayout {
  /** Our flows in table 0 stand at the four priorities above this one. Default: 60000. */
  readonly priority: number;
  /** The first of our `TABLE_COUNT` tables. Default: 200. */
  readonly firstTable: number;
  /** The register, 0 to 15, that our flows use and that other owners' flows must leave alone. Default: 15. */
  readonly register: number;
}

export const DEFAULT_LAYOUT: SwitchLayout = { priority: 60000, firstTable: 200, register: 15 };

/** Where every packet begins. */
export const TABLE_ZERO = 0;

/** Our tables, counted from the first. */
const TABLES = ["connections", "lease", "entries", "verdict", "rewrite", "restore", "deliver"] as const;
export type TableName = (typeof TABLES)[number];
export const TABLE_COUNT = TABLES.length;

export function tableNumber(layout: SwitchLayout, name: TableName): number {
  return layout.firstTable + TABLES.indexOf(name);
}

/** Priorities above `SwitchLayout.priority`, in table 0. */
export const hookPriority = { tcp: 1, letGo: 2, open: 3, reset: 4 } as const;

/** Entries stand at this priority and below, one step for each rank. */
export const TOP_ENTRY_PRIORITY = 65000;

/** Priorities in the verdict table. */
export const verdictPriority = {
  otherwise: 0,
  connection: 20,
  abandon: 30,
  down: 35,
  take: 40,
  ask: 42,
  keep: 45,
} as const;

/** Throws a `RangeError` where tables, priorities or register are not to be had. */
export function checkLayout({ priority, firstTable, register }: SwitchLayout): void {
  const within = (name: string, value: number, from: number, to: number) => {
    if (Number.isInteger(value) && value >= from && value <= to) return;
    throw new RangeError(`${name} ${value} is out of range; expected ${from} to ${to}`);
  };
  within("priority", priority, 1, 0xffff - hookPriority.reset);
  within("first table", firstTable, 1, 254 - TABLE_COUNT);
  within("register", register, 0, 15);
}
