import type { NodeStats, PodStats, Usage } from "../server/node-agent.ts";
import type { ContainerRecord } from "./container-record.ts";
import type { ContainerRuntime } from "./runtime.ts";

/**
 * What a node uses: its own daemons and the containers that its kubelet runs. The kubelet, the container runtime and the system's
 * services of an idle machine take about 2 % of a core and 200 MiB; each Pod costs the kubelet and the runtime's shim a tenth of a
 * thousandth of a core and 4 MiB more.
 */
const idle: Usage = { cpuNanoCores: 20_000_000, memoryBytes: 200 * 1024 * 1024 };
const perPod: Usage = { cpuNanoCores: 100_000, memoryBytes: 4 * 1024 * 1024 };

/** The resolution of metrics-server, over which the runtime averages. */
const statsWindowMs = 15_000;

/** Asks the runtime about every container that runs. */
export function nodeStats(runtime: ContainerRuntime, workers: Iterable<{ readonly uid: string; readonly records: readonly ContainerRecord[] }>): NodeStats {
  let { cpuNanoCores, memoryBytes } = idle;
  const pods: PodStats[] = [];
  for (const { uid, records } of workers) {
    const containers = records.flatMap(({ id, spec }) => {
      const usage = id === undefined ? undefined : runtime.containerStats?.(id);
      return usage ? [{ name: spec.name, usage }] : [];
    });
    if (containers.length === 0) continue;
    pods.push({ uid, containers });
    for (const usage of [perPod, ...containers.map((container) => container.usage)]) {
      cpuNanoCores += usage.cpuNanoCores;
      memoryBytes += usage.memoryBytes;
    }
  }
  return { windowMs: statsWindowMs, usage: { cpuNanoCores, memoryBytes }, pods };
}
