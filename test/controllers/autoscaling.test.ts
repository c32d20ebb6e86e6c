import { afterEach, expect, test } from "vitest";
import { configMaps, deployments, events, horizontalPodAutoscalers } from "../../src/api/kinds.ts";
import { createCluster } from "../../src/node/create-cluster.ts";
import type { Cluster } from "../../src/node/create-cluster.ts";

/** An autoscaler, a Deployment and simulated Pods that really compute: the whole loop, from usage to size and back. */
let cluster: Cluster;
afterEach(() => cluster.close());

const name = { namespace: "default", name: "web" };
/** Computes all the time while the ConfigMap says so, else sleeps. */
const script = 'while read level </load/level; do [ $level = high ] || sleep 10; done';
const manifest = `
apiVersion: v1
kind: ConfigMap
metadata: {name: load}
data: {level: "low\\n"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      volumes: [{name: load, configMap: {name: load}}]
      containers:
      - name: c
        image: busybox
        command: [sh, -c, '${script}']
        volumeMounts: [{name: load, mountPath: /load}]
        resources: {requests: {cpu: 500m}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 2
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
  behavior: {scaleDown: {stabilizationWindowSeconds: 60}}
`;

const size = async (): Promise<number | undefined> => (await cluster.client.get(deployments, name)).spec.replicas;
const told = async (): Promise<readonly string[]> => (await cluster.client.list(events, { namespace: "default" })).items.filter(({ reason }) => reason === "SuccessfulRescale").map(({ message }) => message ?? "");
async function load(level: string): Promise<void> {
  await cluster.client.patch(configMaps, { namespace: "default", name: "load" }, { type: "merge", body: { data: { level: `${level}\n` } } });
}

test("a Deployment grows under load, keeps its size through the window and shrinks after it", async () => {
  cluster = await createCluster({ nodes: 1 });
  await cluster.apply(manifest);
  await cluster.advance("1m");
  const idle = await cluster.client.get(horizontalPodAutoscalers, name);
  expect(idle.status).toMatchObject({ currentReplicas: 1, desiredReplicas: 1, currentMetrics: [{ resource: { name: "cpu" } }] });
  expect(idle.status.currentMetrics?.[0]?.resource?.current.averageUtilization).toBeLessThan(5);

  await load("high");
  await cluster.runUntil(async () => (await size()) === 2, { within: "3m" });
  await cluster.advance("1m");
  expect(await told()).toEqual(["New size: 2; reason: cpu resource utilization (percentage of request) above target"]);
  const busy = (await cluster.client.get(horizontalPodAutoscalers, name)).status;
  expect(busy.currentMetrics?.[0]?.resource?.current.averageUtilization).toBeGreaterThan(150);
  expect(busy.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual(["AbleToScale True ReadyForNewScale", "ScalingActive True ValidMetricFound", "ScalingLimited True TooManyReplicas"]);

  await load("low");
  const steady = async (): Promise<boolean> => (await cluster.client.get(horizontalPodAutoscalers, name)).status.conditions?.[0]?.reason === "ScaleDownStabilized";
  await cluster.runUntil(steady, { within: "3m" });
  await cluster.advance("30s");
  expect(await size()).toBe(2);
  await cluster.advance("45s");
  expect(await size()).toBe(1);
  expect(await told()).toContain("New size: 1; reason: All metrics below target");
});
