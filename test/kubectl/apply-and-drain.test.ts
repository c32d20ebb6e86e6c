import { expect, test } from "vitest";
import { kubectlCluster } from "./cluster.ts";

const configMap = (data: object): string => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data });

test("kubectl applies at the server: creates, finds conflicts, takes over, and follows client-side applies", async () => {
  await using place = await kubectlCluster();
  const apply = (data: object, ...flags: string[]) => place.kubectl(["apply", "-f", "-", ...flags], { stdin: configMap(data) });
  expect((await apply({ a: "1" }, "--server-side", "--field-manager=one")).stdout).toBe("configmap/settings serverside-applied\n");
  const conflict = await apply({ a: "2" }, "--server-side", "--field-manager=two");
  expect(conflict.exit).toBe(1);
  expect(conflict.stderr).toContain('error: Apply failed with 1 conflict: conflict with "one": .data.a\n');
  expect((await apply({ a: "2" }, "--server-side", "--field-manager=two", "--force-conflicts")).exit).toBe(0);
  expect((await apply({ b: "1" }, "--server-side", "--field-manager=two", "--dry-run=server")).stdout).toBe("configmap/settings serverside-applied (server dry run)\n");
  expect((await place.kubectl(["get", "configmap", "settings", "-o", "jsonpath={.data}"])).stdout).toBe('{"a":"2"}');
  await place.kubectl(["delete", "configmap", "settings"]);
  expect((await apply({ a: "1", b: "1" })).stdout).toBe("configmap/settings created\n");
  expect((await apply({ a: "2" }, "--server-side")).stdout).toBe("configmap/settings serverside-applied\n");
  expect((await place.kubectl(["get", "configmap", "settings", "-o", "jsonpath={.data}"])).stdout).toBe('{"a":"2"}');
}, 60_000);

test("kubectl drains a node as far as the disruption budgets let it", async () => {
  await using place = await kubectlCluster();
  const { cluster, kubectl } = place;
  const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "nginx" }], terminationGracePeriodSeconds: 1 } };
  await cluster.apply({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "default" }, spec: { replicas: 4, selector: { matchLabels: { app: "web" } }, template } } as never);
  await cluster.apply({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "web", namespace: "default" }, spec: { minAvailable: 4, selector: { matchLabels: { app: "web" } } } } as never);
  await cluster.advance("60s");
  expect((await kubectl(["get", "pdb", "web", "-o", "jsonpath={.status.currentHealthy} {.status.disruptionsAllowed}"])).stdout).toBe("4 0");
  const refused = await kubectl(["drain", "local-worker", "--ignore-daemonsets", "--timeout=2s"]);
  expect(refused.exit).toBe(1);
  expect(refused.stderr).toContain("(will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.");
  await kubectl(["patch", "pdb", "web", "-p", '{"spec":{"minAvailable":0}}']);
  await cluster.settle();
  const drained = kubectl(["drain", "local-worker", "--ignore-daemonsets", "--timeout=30s"]);
  const done = drained.then(() => true);
  while (!(await Promise.race([done, new Promise<false>((resolve) => void setTimeout(resolve, 100, false))]))) await cluster.advance("1s");
  expect((await drained).stdout).toContain("node/local-worker drained");
  await cluster.advance("60s");
  const left = await kubectl(["get", "pods", "-l", "app=web", "-o", "jsonpath={range .items[*]}{.spec.nodeName} {.status.phase}{\"\\n\"}{end}"]);
  expect([...new Set(left.stdout.trim().split("\n"))]).toEqual(["local-worker2 Running"]);
}, 120_000);
