import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../../test/in-process-server.ts";
import type { Partially } from "../../../base/json.ts";
import { namespaces, pods, serviceAccounts } from "../../../api/kinds.ts";
import type { Container, Pod, PodSpec } from "../../../api/types/core-v1.ts";

/** What a namespace's labels demand of its Pods. */
let cluster: InProcessServer;
beforeEach(async () => {
  cluster = await startInProcessServer();
});

const label = (mode: string): string => `pod-security.kubernetes.io/${mode}`;

async function space(name: string, labels: { readonly [key: string]: string }): Promise<void> {
  await cluster.client.create(namespaces, { metadata: { name, labels } });
  await cluster.client.create(serviceAccounts, { metadata: { name: "default", namespace: name } });
}

const pod = (namespace: string, spec: Partially<PodSpec> = {}, container: Partially<Container> = {}): Promise<Pod> =>
  cluster.client.create(pods, { metadata: { name: "p", namespace }, spec: { containers: [{ name: "c", image: "busybox", ...container }], ...spec } });

const hardened: Partially<Container> = { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } } };

/** The warnings of a request. */
async function warnings(method: string, path: string, body: object): Promise<readonly string[]> {
  const { status, headers } = await cluster.server.handle({ method, path, query: "", headers: { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" }, body: new TextEncoder().encode(JSON.stringify(body)), credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
  expect(status).toBeLessThan(300);
  return ((headers["warning"] ?? []) as readonly string[]).map((text) => text.replace(/^299 - "(.*)"$/s, "$1").replaceAll('\\"', '"'));
}

const plainDetail =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

describe("a level that is enforced", () => {
  test("restricted wants a Pod to say how it is confined", async () => {
    await space("r", { [label("enforce")]: "restricted" });
    await expect(pod("r")).rejects.toThrow(`pods "p" is forbidden: violates PodSecurity "restricted:latest": ${plainDetail}`);
    await expect(pod("r", {}, hardened)).resolves.toBeDefined();
  });

  test.each<[string, Partially<PodSpec>, Partially<Container>]>([
    ["host namespaces (hostNetwork=true, hostPID=true)", { hostNetwork: true, hostPID: true }, {}],
    ['hostPath volumes (volume "v")', { volumes: [{ name: "v", hostPath: { path: "/" } }] }, {}],
    ['hostPort (container "c" uses hostPorts 80, 9090)', {}, { ports: [{ containerPort: 80, hostPort: 80 }, { containerPort: 81, hostPort: 9090 }] }],
    ['privileged (container "c" must not set securityContext.privileged=true)', {}, { securityContext: { privileged: true } }],
    ['non-default capabilities (container "c" must not include "NET_ADMIN", "SYS_TIME" in securityContext.capabilities.add)', {}, { securityContext: { capabilities: { add: ["SYS_TIME", "KILL", "NET_ADMIN"] } } }],
    ['seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "x"; user may not be set)', { securityContext: { seLinuxOptions: { type: "x" } } }, { securityContext: { seLinuxOptions: { user: "u" } } }],
    ['seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")', { securityContext: { seccompProfile: { type: "Unconfined" } } }, {}],
    ["forbidden sysctls (kernel.msgmax)", { securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }, { name: "net.ipv4.tcp_rmem", value: "1" }] } }, {}],
    ['probe or lifecycle host (container "c" uses probe or lifecycle host "10.0.0.1")', {}, { livenessProbe: { httpGet: { host: "10.0.0.1", port: 80 } } }],
    ['forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")', {}, { securityContext: { appArmorProfile: { type: "Unconfined" } } }],
  ])("baseline refuses %s", async (told, spec, container) => {
    await space("b", { [label("enforce")]: "baseline" });
    await expect(pod("b", spec, container)).rejects.toThrow(`pods "p" is forbidden: violates PodSecurity "baseline:latest": ${told}`);
    await expect(pod("b")).resolves.toBeDefined();
  });

  test("by the rules of an older release knows less", async () => {
    await space("old", { [label("enforce")]: "restricted", [label("enforce-version")]: "v1.7" });
    await expect(pod("old")).rejects.toThrow('violates PodSecurity "restricted:v1.7": runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)');
  });

  test("restricted tells of volumes and of root in its own words", async () => {
    await space("r", { [label("enforce")]: "restricted" });
    const securityContext = { ...hardened.securityContext, runAsUser: 0, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "CHOWN"] } };
    await expect(pod("r", { volumes: [{ name: "v", hostPath: { path: "/" } }, { name: "w", nfs: { server: "s", path: "/" } }] }, { securityContext })).rejects.toThrow(
      'violates PodSecurity "restricted:latest": unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add), restricted volume types (volumes "v", "w" use restricted volume types "hostPath", "nfs"), runAsUser=0 (container "c" must not set runAsUser=0)',
    );
  });
});

test("a level that is warned of refuses nothing, and workloads hear of it, too", async () => {
  await space("w", { [label("warn")]: "restricted" });
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "busybox" }] } };
  const warning = `would violate PodSecurity "restricted:latest": ${plainDetail}`;
  expect(await warnings("POST", "/api/v1/namespaces/w/pods", { metadata: { name: "p" }, spec: template.spec })).toEqual([warning]);
  expect(await warnings("POST", "/apis/apps/v1/namespaces/w/deployments", { metadata: { name: "d" }, spec: { selector: { matchLabels: { a: "b" } }, template } })).toEqual([warning]);
  const jobTemplate = { spec: { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } } };
  expect(await warnings("POST", "/apis/batch/v1/namespaces/w/cronjobs", { metadata: { name: "j" }, spec: { schedule: "0 0 * * *", jobTemplate } })).toEqual([warning]);
});

test("labels must mean something, and a stricter level tells of the Pods that are below it", async () => {
  await expect(space("x", { [label("enforce")]: "strict" })).rejects.toThrow('Namespace "x" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted');
  await expect(space("x", { [label("warn-version")]: "1.2" })).rejects.toThrow('metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"');
  await space("n", {});
  for (const name of ["a", "b"]) await cluster.client.create(pods, { metadata: { name, namespace: "n" }, spec: { hostNetwork: true, containers: [{ name: "c", image: "busybox" }] } });
  expect(await warnings("PATCH", "/api/v1/namespaces/n", { metadata: { labels: { [label("enforce")]: "baseline" } } })).toEqual([
    'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
    "a (and 1 other pod): host namespaces",
  ]);
  expect(await warnings("PATCH", "/api/v1/namespaces/n", { metadata: { labels: { [label("enforce")]: "privileged" } } })).toEqual([]);
});
