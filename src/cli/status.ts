/** `coracle status`: what a cluster is and how it is, in a few lines. */
import { isNodeReady } from "../api/core/node-ready.ts";
import type { Node, Pod } from "../api/types/core-v1.ts";
import { formatDuration } from "../base/duration.ts";
import { columns } from "./output.ts";
import type { Output } from "./output.ts";
import { objectOf, runningCluster, withConnection } from "./running.ts";
import { shortPath } from "./typable.ts";

interface Listed<T> {
  readonly items: readonly T[];
}

/** Prints what is known of a cluster; throws a Failure when it does not answer. */
export async function status(name: string, output: Output): Promise<void> {
  const cluster = runningCluster(name);
  await withConnection(cluster, async (connection) => {
    const nodes = (objectOf(await connection.get("/api/v1/nodes"), name) as Listed<Node>).items;
    const pods = (objectOf(await connection.get("/api/v1/pods"), name) as Listed<Pod>).items;
    const { gitVersion } = objectOf(await connection.get("/version"), name) as { gitVersion: string };
    const ready = nodes.filter(isNodeReady).length;
    const phases = new Map<string, number>();
    for (const pod of pods) phases.set(pod.status.phase ?? "Unknown", (phases.get(pod.status.phase ?? "Unknown") ?? 0) + 1);
    const described = [...phases].sort().map(([phase, count]) => `${count} ${phase}`).join(", ");
    const rows = [
      ["cluster", `${name} (Kubernetes ${gitVersion})`],
      ["server", cluster.access.url],
      ["context", cluster.merged === undefined ? "<none>" : `${cluster.merged.context} in ${shortPath(cluster.merged.path)}`],
      ["clock", cluster.clock],
      ["process", `${cluster.pid}`],
      ["nodes", `${ready} of ${nodes.length} Ready`],
      ["pods", described === "" ? "none" : described],
      ["answered in", formatDuration(Math.round(performance.now()))],
    ];
    for (const line of columns(rows)) output.line(line);
  });
}
