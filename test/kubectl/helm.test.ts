import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployments, secrets, services } from "../../src/api/kinds.ts";
import { kubectlCluster } from "./cluster.ts";
import type { KubectlCluster } from "./cluster.ts";
import { helm } from "./kubectl.ts";

/** The real helm: a chart's release comes, changes, goes back and goes, with what it made. */
const template = `apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec: { containers: [{ name: nginx, image: nginx }] }
---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }} }
spec: { selector: { app: {{ .Release.Name }} }, ports: [{ port: 80 }] }
`;

let there: KubectlCluster;
let folder: string;
beforeAll(async () => {
  there = await kubectlCluster({ nodes: 1 });
  folder = mkdtempSync(join(tmpdir(), "coracle-chart-"));
  mkdirSync(join(folder, "templates"));
  writeFileSync(join(folder, "Chart.yaml"), "apiVersion: v2\nname: web\nversion: 0.1.0\n");
  writeFileSync(join(folder, "values.yaml"), "replicas: 1\n");
  writeFileSync(join(folder, "templates", "all.yaml"), template);
  writeFileSync(join(folder, "templates", "NOTES.txt"), "for Kubernetes {{ .Capabilities.KubeVersion.Version }}\n");
});
afterAll(async () => {
  await there?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function succeed(...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await helm(args, { kubeconfig: there.kubeconfig });
  expect({ args, exit, stderr }).toMatchObject({ args, exit: 0 });
  return stdout;
}

async function readyReplicas(): Promise<number | undefined> {
  await there.cluster.advance("10s");
  return (await there.cluster.client.get(deployments, { namespace: "default", name: "shop" })).status.readyReplicas;
}

test("helm installs, upgrades, rolls back and uninstalls a chart", async () => {
  expect(await succeed("install", "shop", folder)).toContain("STATUS: deployed\nREVISION: 1\nDESCRIPTION: Install complete\nTEST SUITE: None\nNOTES:\nfor Kubernetes v1.36.3\n");
  expect(await readyReplicas()).toBe(1);
  await succeed("upgrade", "shop", folder, "--set", "replicas=3");
  expect(await readyReplicas()).toBe(3);
  await succeed("rollback", "shop", "1");
  expect(await readyReplicas()).toBe(1);
  expect((await succeed("history", "shop")).trimEnd().split("\n").slice(1).map((line) => line.split(/\s*\t\s*/).at(-1)?.trim())).toEqual(["Install complete", "Upgrade complete", "Rollback to 1"]);
  expect(await succeed("uninstall", "shop")).toBe('release "shop" uninstalled\n');
  await there.cluster.advance("1m");
  const { client } = there.cluster;
  expect((await client.list(deployments, { namespace: "default" })).items).toEqual([]);
  expect((await client.list(services, { namespace: "default" })).items.map(({ metadata }) => metadata.name)).toEqual(["kubernetes"]);
  expect((await client.list(secrets, { namespace: "default" })).items).toEqual([]);
});
