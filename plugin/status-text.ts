/** `Status` for people: what is known in aligned columns. Pure. */

import type { Status, SteeringStatus } from "./status.js";

type Row = readonly string[];

export function formatStatus(status: Status): string {
  const { connections, held, draining, ceilings, bytes, memory } = status;
  const overview: Row[] = [
    ["site", status.site],
    ["state", withReason(status)],
    ["process", `pid ${status.pid}, up ${formatSpan(status.uptime_ms)}, version ${status.version}`],
    ...status.bridges.flatMap(bridgeRows),
    [
      "connections",
      `${connections.open} open, ${connections.opening} of them being opened, ${connections.total} in all, ${connections.failed} failed`,
    ],
    ...classesRow(connections),
    [
      "held SYNs",
      `${held.waiting} wait, ${held.taken} taken, ${held.refused} refused, ${held.direct} let go`,
    ],
    ...(draining === null
      ? []
      : [["draining", `${draining.open} connections, reset in ${formatSpan(draining.remaining_ms)}`]]),
    [
      "ceilings",
      ceilings.length === 0 ? "none is passed" : `passed, new connections go direct: ${ceilings.join(", ")}`,
    ],
    ["bytes", `${formatBytes(bytes.taken)} taken, ${formatBytes(bytes.delivered)} delivered`],
    [
      "memory",
      `${formatBytes(memory.edge_bytes)} of ${formatBytes(memory.edge_limit_bytes)} held by connections, ` +
        `${formatBytes(memory.resident_bytes)} resident` +
        (memory.shed_connections === 0 ? "" : `, ${memory.shed_connections} connections shed`),
    ],
  ];
  return `${columns(overview)}\n\n${columns([...peerRows(status)])}\n`;
}

/** Where there is more than one class. */
function classesRow({ classes }: Status["connections"]): Row[] {
  const open = Object.entries(classes).map(([name, count]) => `${count} ${name}`);
  return open.length > 1 ? [["classes", `open: ${open.join(", ")}`]] : [];
}

function bridgeRows(steering: SteeringStatus): Row[] {
  const repaired = steering.repairs === 0 ? "" : `, repaired ${steering.repairs} times`;
  const port = [
    steering.port,
    steering.ofport === null ? "" : `(port ${steering.ofport})`,
    steering.mac ?? "",
  ];
  return [
    ["steering", withReason(steering)],
    ["bridge", `${steering.bridge}, ${steering.flows} flows, ${steering.connections} learned${repaired}`],
    ["port", port.filter((part) => part !== "").join(" ")],
  ];
}

function* peerRows({ peers }: Status): Iterable<Row> {
  yield ["PEER", "STATE", "ADDRESS", "LINK", "RTT", "RATE", "SENT", "RECEIVED", "RESENT", "REASON"];
  for (const [name, peer] of Object.entries(peers)) {
    yield [
      name,
      peer.state,
      peer.address,
      peer.link,
      peer.rtt_ms === null ? "-" : `${peer.rtt_ms.toFixed(1)} ms`,
      peer.rate_bps === null ? "-" : `${(peer.rate_bps / 1e6).toFixed(1)} Mbit/s`,
      formatBytes(peer.sent_bytes),
      formatBytes(peer.received_bytes),
      `${peer.retransmitted_segments}`,
      peer.reason,
    ];
  }
}

function withReason({ state, reason }: { state: string; reason: string }): string {
  return reason === "" ? state : `${state} (${reason})`;
}

/** Each column as wide as its widest cell; no blanks at the ends of lines. */
function columns(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 0), units.length - 1);
  return power === 0 ? `${bytes} B` : `${(bytes / 2 ** (10 * power)).toFixed(1)} ${units[power]}`;
}

/** The two greatest units: `3d 4h`, `4h 5m`, `5m 6s`, `6s`. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [
    `${Math.floor(seconds / 86_400)}d`,
    `${Math.floor(seconds / 3600) % 24}h`,
    `${Math.floor(seconds / 60) % 60}m`,
    `${seconds % 60}s`,
  ];
  const first = parts.findIndex((part) => !part.startsWith("0"));
  return first === -1 ? "0s" : parts.slice(first, first + 2).join(" ");
}
