import type { Figure } from "./figures.ts";
import { createCluster } from "../src/node/create-cluster.ts";

/** Many simulated nodes in one process, from nothing to all Ready, in the machine's time. */
export async function nodes(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { count, goal, upstream } of [
    { count: 1000, goal: 500, upstream: 900 },
    { count: 5000, goal: 5000, upstream: 94_000 },
  ]) {
    const started = performance.now();
    const cluster = await createCluster({ nodes: count });
    figures.push({ what: `${count.toLocaleString("en-US")} nodes Ready (library, virtual clock)`, value: performance.now() - started, unit: "ms", goal, upstream });
    await cluster.close();
  }
  return figures;
}
