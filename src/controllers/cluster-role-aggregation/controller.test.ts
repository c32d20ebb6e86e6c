import { expect, test } from "vitest";
import { clusterRoles } from "../../api/kinds.ts";
import type { ClusterRole, PolicyRule } from "../../api/types/rbac-v1.ts";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { startClusterRoleAggregationController } from "./controller.ts";

const rule = (resource: string): PolicyRule => ({ apiGroups: ["example.com"], resources: [resource], verbs: ["get"] });

async function started(): Promise<InProcessServer & { stop(): void }> {
  const cluster = await startInProcessServer();
  const user = { name: "system:serviceaccount:kube-system:clusterrole-aggregation-controller", groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"] };
  const controller = startClusterRoleAggregationController({ ...cluster.context, client: () => cluster.as(user) });
  await cluster.settle();
  return { ...cluster, stop: () => controller.stop() };
}

const role = (name: string, labels: { [key: string]: string }, rules: readonly PolicyRule[]): object => ({ metadata: { name, labels }, rules });

test("a new cluster's roles hold what they gather already", async () => {
  const before = (await startInProcessServer()).store.revision;
  const cluster = await started();
  expect(cluster.store.revision).toBe(before);
  cluster.stop();
});

test("gathers the rules of every role that is selected, in order of name, none twice", async () => {
  const { client, settle, stop } = await started();
  await client.create<ClusterRole>(clusterRoles, { metadata: { name: "all" }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: "all" } }] } });
  await client.create<ClusterRole>(clusterRoles, role("b", { to: "all" }, [rule("x"), rule("y")]) as never);
  await client.create<ClusterRole>(clusterRoles, role("a", { to: "all" }, [rule("y"), rule("z")]) as never);
  await client.create<ClusterRole>(clusterRoles, role("c", { to: "none" }, [rule("w")]) as never);
  await settle();
  expect((await client.get(clusterRoles, { name: "all" })).rules).toEqual([rule("y"), rule("z"), rule("x")]);
  await client.delete(clusterRoles, { name: "b" });
  await settle();
  expect((await client.get(clusterRoles, { name: "all" })).rules).toEqual([rule("y"), rule("z")]);
  stop();
});

test("puts back what somebody wrote by hand", async () => {
  const { client, settle, stop } = await started();
  const { rules } = await client.get(clusterRoles, { name: "view" });
  await client.patch(clusterRoles, { name: "view" }, { type: "merge", body: { rules: [rule("x")] } });
  await settle();
  expect((await client.get(clusterRoles, { name: "view" })).rules).toEqual(rules);
  stop();
});
