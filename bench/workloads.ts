import { composeCluster } from "../src/cluster/create-cluster.ts";
import type { RunningCluster } from "../src/cluster/running-cluster.ts";
import { configMaps, daemonSets, deployments, namespaces } from "../src/api/kinds.ts";
import { silentLog } from "../src/node/file-log.ts";
import { nodeHost } from "../src/node/host.ts";
import type { Figure } from "./figures.ts";
import { besideYardstick } from "./yardstick.ts";

/** What controllers and nodes do with many Pods, in one process, in the machine's time; the cluster's own time is virtual. */
async function clusterOf(nodes: number): Promise<RunningCluster> {
  const cluster = await composeCluster({ nodes }, nodeHost({ log: silentLog }));
  await cluster.ready();
  await cluster.advance("30s");
  return cluster;
}

const template = (app: string) => ({
  metadata: { labels: { app } },
  // PID 1 without a handler ignores TERM: a short grace, as upstream's played Pods end within a second.
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "c", image: "busybox", command: ["sleep", "1000000"] }], tolerations: [{ operator: "Exists" as const }] },
});

/** Milliseconds of the host until the cluster shows what is asked for. */
async function timed(cluster: RunningCluster, until: () => Promise<boolean>): Promise<number> {
  const started = performance.now();
  await cluster.runUntil(until);
  return performance.now() - started;
}

async function deployment(): Promise<Figure> {
  const cluster = await clusterOf(20);
  const name = { namespace: "default", name: "web" };
  await cluster.client.create(deployments, { apiVersion: "apps/v1", kind: "Deployment", metadata: name, spec: { replicas: 1000, selector: { matchLabels: { app: "web" } }, template: template("web") } });
  const value = await timed(cluster, async () => (await cluster.client.get(deployments, name)).status.readyReplicas === 1000);
  await cluster.close();
  return { what: "Deployment of 1,000: all Ready", value, unit: "ms", goal: 1200, upstream: 10_700 };
}

async function daemonSet(): Promise<Figure[]> {
  const cluster = await clusterOf(1000);
  const name = { namespace: "default", name: "agent" };
  await cluster.client.create(daemonSets, {
    apiVersion: "apps/v1", kind: "DaemonSet", metadata: name,
    spec: { selector: { matchLabels: { app: "agent" } }, template: template("agent"), updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } } },
  });
  const ready = await timed(cluster, async () => (await cluster.client.get(daemonSets, name)).status.numberReady === 1000);
  await cluster.client.patch(daemonSets, name, { type: "strategic", body: { spec: { template: { spec: { containers: [{ name: "c", image: "busybox:1.36" }] } } } } });
  const rolled = await timed(cluster, async () => {
    const { status } = await cluster.client.get(daemonSets, name);
    return status.updatedNumberScheduled === 1000 && status.numberAvailable === 1000;
  });
  await cluster.close();
  return [
    { what: "DaemonSet on 1,000 nodes: all Ready", value: ready, unit: "ms", goal: 1200, upstream: 9100 },
    { what: "DaemonSet on 1,000 nodes: rolled, maxUnavailable 10 %", value: rolled, unit: "ms", goal: 6000, upstream: 18_800 },
  ];
}

async function namespace(): Promise<Figure> {
  const cluster = await clusterOf(1);
  await cluster.client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "full" } });
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => cluster.client.create(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: `c${i}`, namespace: "full" } })));
  await cluster.client.delete(namespaces, { name: "full" });
  const gone = async (): Promise<boolean> => !(await cluster.client.list(namespaces)).items.some((one) => one.metadata.name === "full");
  const value = await timed(cluster, gone);
  await cluster.close();
  return { what: "namespace with 10,000 ConfigMaps: gone (without its pause of 5 s)", value, unit: "ms", goal: 5000, upstream: 22_400 };
}

export async function workloads(): Promise<Figure[]> {
  return besideYardstick([await deployment(), ...(await daemonSet()), await namespace()]);
}
