/** A measured figure beside its goal and what upstream needs for the same on a machine of this size. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: "ms" | "MB" | "/s";
  readonly goal: number;
  /** Upstream on the same kind of machine, one run on 2026-11-21. */
  readonly upstream?: number;
  /** What a peer measured in the same run reached. */
  readonly peer?: { readonly what: string; readonly value: number };
}

export function isMet(figure: Figure): boolean {
  return figure.unit === "/s" ? figure.value >= figure.goal : figure.value <= figure.goal;
}

/** Of the same figure measured several times (at least once). */
export function best(figures: readonly Figure[]): Figure {
  return figures.reduce((kept, figure) => ((figure.unit === "/s" ? figure.value > kept.value : figure.value < kept.value) ? figure : kept));
}

/** How many times better than another value; above 1 favours Coracle. */
function ratio(figure: Figure, other: number): string {
  const times = figure.unit === "/s" ? figure.value / other : other / figure.value;
  return `${times >= 10 ? times.toFixed(0) : times.toFixed(1)}×`;
}

function amount(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toFixed(1)));
}

export function row(figure: Figure): string {
  const { what, value, unit, goal, upstream, peer } = figure;
  const upstreamText = upstream === undefined ? "" : `${amount(upstream)} ${unit} (${ratio(figure, upstream)})`;
  const peerText = peer === undefined ? "" : `${peer.what}: ${amount(peer.value)} ${unit} (${ratio(figure, peer.value)})`;
  return `| ${what} | **${amount(value)} ${unit}** | ${amount(goal)} ${unit} | ${isMet(figure) ? "met" : "missed"} | ${upstreamText} | ${peerText} |`;
}

export const header = "| What | Coracle | Goal | | Upstream (ratio) | Peer in this run (ratio) |\n| --- | --- | --- | --- | --- | --- |";

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
