import { describe, expect, it } from "vitest";
import { createCluster } from "../node/create-cluster.ts";
import type { NodeCluster as Cluster } from "../node/create-cluster.ts";
import { events, pods } from "../api/kinds.ts";
import type { Pod } from "../api/types/core-v1.ts";
import { image } from "../sim/images/image.ts";
import type { Program } from "../sim/process.ts";

/** What Pods go through in a whole cluster, on the clock: the parts of it have tests of their own. */
const get = (cluster: Cluster, name: string): Promise<Pod> => cluster.client.get(pods, { namespace: "default", name });
const apply = (cluster: Cluster, name: string, spec: object): Promise<unknown> => cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: "shown" } }, spec }));
const log = (cluster: Cluster, name: string): Promise<string> => cluster.logs({ namespace: "default", name });

async function messages(cluster: Cluster, name: string): Promise<string[]> {
  const { items } = await cluster.client.list(events, { namespace: "default" });
  return items.filter((event) => event.involvedObject.name === name).map(({ reason, message }) => `${reason} ${message}`);
}

describe("images", () => {
  const waiting = async (cluster: Cluster, image: string): Promise<string | undefined> => {
    await apply(cluster, "asked", { containers: [{ name: "c", image, command: ["sleep", "1d"] }] });
    await cluster.advance("10s");
    const { state } = (await get(cluster, "asked")).status.containerStatuses?.[0] ?? {};
    return state?.running ? "running" : state?.waiting?.reason;
  };

  it("of the library exist when the catalogue has them, all with an organisation do, those under .invalid never", async () => {
    for (const [image, outcome] of [["busybox:1.36", "running"], ["made-up-name", "ImagePullBackOff"], ["ghcr.io/acme/operator:v1", "running"], ["registry.invalid/a/b", "ImagePullBackOff"]] as const) {
      await using cluster = await createCluster({ nodes: 1 });
      expect([image, await waiting(cluster, image)]).toEqual([image, outcome]);
    }
  });

  it("are any, when asked for", async () => {
    await using cluster = await createCluster({ nodes: 1, images: "any" });
    expect(await waiting(cluster, "made-up-name")).toBe("running");
  });

  it("are missing, when said so", async () => {
    await using cluster = await createCluster({ nodes: 1, images: { nginx: "missing" } });
    expect(await waiting(cluster, "nginx:1.27")).toBe("ImagePullBackOff");
  });

  it("stand for others", async () => {
    await using cluster = await createCluster({ nodes: 1, images: { "example.com/team/tool": "busybox" } });
    await apply(cluster, "tool", { restartPolicy: "Never", containers: [{ name: "c", image: "example.com/team/tool:2", command: ["sh", "-c", "echo from the alias"] }] });
    await cluster.advance("10s");
    expect(await log(cluster, "tool")).toBe("from the alias\n");
  });
});

it("a pull and a start take time, which the seed draws", async () => {
  const times = async (seed: number): Promise<{ pull: string | undefined; pullMs: number; startMs: number }> => {
    await using cluster = await createCluster({ nodes: 1, seed });
    const from = cluster.now();
    await apply(cluster, "timed", { containers: [{ name: "c", image: "nginx:1.29" }] });
    await cluster.runUntil(async () => (await get(cluster, "timed")).status.phase === "Running", { within: "1m" });
    const pull = (await messages(cluster, "timed")).find((message) => message.startsWith("Pulled "));
    const [, amount, unit] = / in ([\d.]+)(ms|s) \(/.exec(pull ?? "") ?? [];
    const pullMs = Number(amount) * (unit === "s" ? 1000 : 1);
    return { pull, pullMs, startMs: cluster.now() - from - pullMs };
  };
  const [first, again, other] = [await times(1), await times(1), await times(2)];
  expect(first).toEqual(again);
  expect(first.pullMs).not.toBe(other.pullMs);
  for (const { pullMs, startMs } of [first, other]) expect(Math.min(pullMs, startMs)).toBeGreaterThan(0);
});

it("an image may be a program, which runs, logs and ends on the clock", async () => {
  const program: Program = async (process) => {
    for (let i = 1; i <= 3; i++) {
      process.write("stdout", `beat ${i} of ${process.argv.join(" ")}\n`);
      await process.sleep(60_000);
    }
    return 7;
  };
  const beat = image({ repositories: ["example.com/beat"], sizeBytes: 1000, entrypoint: ["/beat"], command: ["--default"], userland: false, programs: { beat: program } });
  await using cluster = await createCluster({ nodes: 1, images: { "example.com/beat": beat } });
  await apply(cluster, "beat", { restartPolicy: "Never", containers: [{ name: "c", image: "example.com/beat:1", args: ["--given"] }] });
  await cluster.advance("90s");
  expect(await log(cluster, "beat")).toBe("beat 1 of /beat --given\nbeat 2 of /beat --given\n");
  await cluster.advance("2m");
  expect((await get(cluster, "beat")).status).toMatchObject({ phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 7, reason: "Error" } } }] });
});

describe("restarts", () => {
  it("wait 10, 20, 40 seconds and so on to five minutes", async () => {
    await using cluster = await createCluster({ nodes: 1 });
    await apply(cluster, "crash", { containers: [{ name: "c", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sh", "-c", "exit 3"] }] });
    const starts: number[] = [];
    for (let restarts = 1; restarts <= 8; restarts++) {
      await cluster.runUntil(async () => ((await get(cluster, "crash")).status.containerStatuses?.[0]?.restartCount ?? 0) >= restarts, { within: "10m" });
      starts.push(cluster.now());
    }
    const pauses = starts.slice(1).map((at, i) => (at - (starts[i] as number)) / 1000);
    for (const [i, seconds] of [10, 20, 40, 80, 160, 300, 300].entries()) {
      expect(pauses[i]).toBeGreaterThanOrEqual(seconds);
      expect(pauses[i]).toBeLessThan(seconds + 3);
    }
  });

  it("follow the policy", async () => {
    await using cluster = await createCluster({ nodes: 1 });
    for (const restartPolicy of ["Always", "OnFailure", "Never"]) {
      for (const code of [0, 1]) await apply(cluster, `${restartPolicy.toLowerCase()}-${code}`, { restartPolicy, containers: [{ name: "c", image: "busybox", command: ["sh", "-c", `exit ${code}`] }] });
    }
    await cluster.advance("30s");
    const { items } = await cluster.client.list(pods, { namespace: "default" });
    expect(items.map(({ metadata, status }) => `${metadata.name} ${status.phase} ${(status.containerStatuses?.[0]?.restartCount ?? 0) > 0}`)).toEqual(["always-0 Running true", "always-1 Running true", "never-0 Succeeded false", "never-1 Failed false", "onfailure-0 Succeeded false", "onfailure-1 Running true"]);
  });
});

it("a startup probe holds the other probes back, and restarts what never starts", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  const probed = (command: string) => ({
    containers: [{
      name: "c", image: "busybox", command: ["sh", "-c", command],
      startupProbe: { exec: { command: ["cat", "/tmp/started"] }, periodSeconds: 5, failureThreshold: 4 },
      livenessProbe: { exec: { command: ["cat", "/tmp/started"] }, periodSeconds: 1, failureThreshold: 1 },
      readinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 },
    }],
    terminationGracePeriodSeconds: 1,
  });
  await apply(cluster, "slow", probed("sleep 12; touch /tmp/started; sleep 1d"));
  await apply(cluster, "never", probed("sleep 1d"));
  await cluster.advance("8s");
  expect((await get(cluster, "slow")).status.containerStatuses?.[0]).toMatchObject({ started: false, ready: false, restartCount: 0 });
  await cluster.advance("20s");
  expect((await get(cluster, "slow")).status.containerStatuses?.[0]).toMatchObject({ started: true, ready: true, restartCount: 0 });
  expect((await get(cluster, "never")).status.containerStatuses?.[0]?.restartCount).toBe(1);
  expect(await messages(cluster, "never")).toEqual(expect.arrayContaining([expect.stringMatching(/^Unhealthy Startup probe failed: /), "Killing Container c failed startup probe, will be restarted"]));
});

it("environment and files come from the Pod, ConfigMaps, Secrets and the node", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "map" }, data: { key: "from map", "file.txt": "content\n" } }));
  await cluster.apply(JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "hidden" }, stringData: { word: "swordfish" } }));
  const mount = (name: string) => ({ name, mountPath: `/${name}` });
  await apply(cluster, "shown", {
    restartPolicy: "Never",
    initContainers: [{ name: "first", image: "busybox", command: ["sh", "-c", "echo left > /scratch/file; echo on the node > /machine/file"], volumeMounts: [mount("scratch"), mount("machine")] }],
    containers: [{
      name: "c", image: "busybox", command: ["sh", "-c", 'echo "$POD|$NODE|$CPU|$KEY|$WORD|$MAP_key|$ALL|$NONE|"; cat /scratch/file /maps/renamed /secrets/word /about/labels /both/word /both/key /machine/file; stat -L -c %a /secrets/word'],
      resources: { limits: { cpu: "1500m" } },
      envFrom: [{ prefix: "MAP_", configMapRef: { name: "map" } }],
      env: [
        { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }, { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
        { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } }, { name: "KEY", valueFrom: { configMapKeyRef: { name: "map", key: "key" } } },
        { name: "WORD", valueFrom: { secretKeyRef: { name: "hidden", key: "word" } } }, { name: "ALL", value: "$(POD)/$(KEY)/$$(POD)/$(UNKNOWN)" }, { name: "NONE", valueFrom: { secretKeyRef: { name: "gone", key: "x", optional: true } } },
      ],
      volumeMounts: ["scratch", "maps", "secrets", "about", "both", "machine"].map(mount),
    }],
    volumes: [
      { name: "scratch", emptyDir: {} }, { name: "maps", configMap: { name: "map", items: [{ key: "file.txt", path: "renamed" }] } }, { name: "secrets", secret: { secretName: "hidden", defaultMode: 0o400 } },
      { name: "about", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } }, { name: "machine", hostPath: { path: "/var/shown", type: "DirectoryOrCreate" } },
      { name: "both", projected: { sources: [{ secret: { name: "hidden" } }, { configMap: { name: "map", items: [{ key: "key", path: "key" }] } }] } },
    ],
  });
  await cluster.advance("20s");
  expect(await log(cluster, "shown")).toBe('shown|local-control-plane|2|from map|swordfish|from map|shown/from map/$(POD)/$(UNKNOWN)||\nleft\ncontent\nswordfishapp="shown"swordfishfrom mapon the node\n400\n');
});

it("one host port is for one Pod of a node, and the next waits for it", async () => {
  await using cluster = await createCluster({ nodes: 1 });
  const serving = { containers: [{ name: "c", image: "nginx", ports: [{ containerPort: 80, hostPort: 8080 }] }] };
  await apply(cluster, "first", serving);
  await cluster.advance("5s");
  await apply(cluster, "second", serving);
  await cluster.advance("5s");
  expect((await get(cluster, "second")).status.phase).toBe("Pending");
  expect(await messages(cluster, "second")).toEqual([expect.stringContaining("FailedScheduling 0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")]);
  await cluster.client.delete(pods, { namespace: "default", name: "first" });
  await cluster.advance("40s");
  expect((await get(cluster, "second")).status.phase).toBe("Running");
});
