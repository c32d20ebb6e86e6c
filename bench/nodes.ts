import { composeCluster } from "../src/cluster/create-cluster.ts";
import { silentLog } from "../src/node/file-log.ts";
import { nodeHost } from "../src/node/host.ts";
import type { Figure } from "./figures.ts";
import { besideYardstick } from "./yardstick.ts";

/** Many simulated nodes in one process, from nothing to all Ready, in the machine's time. */
export async function nodes(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { count, goal, upstream } of [
    { count: 1000, goal: 500, upstream: 900 },
    { count: 5000, goal: 5000, upstream: 94_000 },
  ]) {
    const started = performance.now();
    const cluster = await composeCluster({ nodes: count }, nodeHost({ log: silentLog }));
    let ready = 0;
    await cluster.ready((done, asked) => {
      if (done === asked) ready = performance.now() - started;
    });
    figures.push({ what: `${count.toLocaleString("en-US")} nodes Ready (in process, virtual clock)`, value: ready, unit: "ms", goal, upstream });
    await cluster.close();
  }
  return besideYardstick([...figures, await idleDays()]);
}

/** A tenth of what a month of an idle cluster costs: leases, reports of status, probes of the name servers. */
async function idleDays(): Promise<Figure> {
  const cluster = await composeCluster({ nodes: 3 }, nodeHost({ log: silentLog }));
  await cluster.ready();
  const started = performance.now();
  await cluster.advance("3d");
  const value = performance.now() - started;
  await cluster.close();
  return { what: "three days pass over three idle nodes (virtual clock)", value, unit: "ms", goal: 1000 };
}
