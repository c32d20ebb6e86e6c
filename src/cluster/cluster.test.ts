import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { createCluster } from "../node/create-cluster.ts";
import { configMaps, daemonSets, events, jobs, nodes, pods, services } from "../api/kinds.ts";
import { clocks, machines } from "../api/sim/facts.ts";
import type { HostClock } from "../base/clock.ts";
import { ApiConnection } from "../node/api-connection.ts";
import { silentLog } from "../node/file-log.ts";
import { nodeHost } from "../node/host.ts";
import { composeCluster } from "./create-cluster.ts";
import { OptionError } from "./options.ts";

const job = (name: string, command: string): string => `
apiVersion: batch/v1
kind: Job
metadata: { name: ${name} }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: c, image: busybox, command: [sh, -c, '${command}'] }]
`;

/** Sockets that this process listens on or holds. */
const sockets = (): number => readdirSync("/proc/self/net").includes("tcp") ? process.getActiveResourcesInfo().filter((name) => name.includes("TCP")).length : 0;

describe("createCluster", () => {
  it("resolves with all nodes Ready, at the asked instant, without a port", async () => {
    const before = sockets();
    await using cluster = await createCluster();
    const ready = (await cluster.client.list(nodes)).items.map((node) => [node.metadata.name, node.status.conditions?.find(({ type }) => type === "Ready")?.status]);
    expect(ready).toEqual([["local-control-plane", "True"], ["local-worker", "True"], ["local-worker2", "True"]]);
    expect(cluster.now()).toBe(Date.UTC(2026, 0, 1));
    expect(sockets()).toBe(before);
  });

  it("writes events also while a program asks for them without a pause, and keeps its requests in order", async () => {
    await using cluster = await createCluster({ nodes: 1 });
    await cluster.client.create(pods, { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox", command: ["sleep", "9"] }] } });
    let asked = 0;
    const isTold = async (): Promise<boolean> => (await cluster.client.list(events, { namespace: "default" })).items.some(({ reason }) => reason === "Scheduled");
    while (asked < 500 && !(await isTold())) asked++;
    expect(asked).toBeLessThan(500);

    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const { metadata } = await cluster.client.create(configMaps, { metadata: { name: `c${i}`, namespace: "default" } });
        order[i] = Number(metadata.resourceVersion);
      }),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it("taints the control plane only where there are other nodes", async () => {
    await using alone = await createCluster({ nodes: 1, name: "solo" });
    await using two = await createCluster({ nodes: 2, name: "pair" });
    expect((await alone.client.get(nodes, { name: "solo-control-plane" })).spec.taints).toBeUndefined();
    expect((await two.client.get(nodes, { name: "pair-control-plane" })).spec.taints).toEqual([{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]);
  });

  it("has the seed 1 unless another is given", async () => {
    const uids = async (options: { seed?: number }): Promise<readonly (string | undefined)[]> => {
      await using cluster = await createCluster({ nodes: 1, ...options });
      return (await cluster.client.list(nodes)).items.map(({ metadata }) => metadata.uid);
    };
    const unsaid = await uids({});
    expect(unsaid).toEqual(await uids({ seed: 1 }));
    expect(unsaid).not.toEqual(await uids({ seed: 2 }));
  });

  it("stands as a kubeadm cluster does: addresses, ranges, labels, what a node holds, and what runs on every one", async () => {
    await using cluster = await createCluster();
    await cluster.advance("10s");
    const standing = (await cluster.client.list(nodes)).items.map(({ metadata, spec, status }) => {
      const { cpu, memory, pods: count } = status.capacity ?? {};
      return [status.addresses?.[0]?.address, spec.podCIDR, metadata.labels?.["node-role.kubernetes.io/control-plane"], status.nodeInfo?.kubeletVersion, cpu, memory, count];
    });
    const machine = ["v1.36.3", "4", "8Gi", "110"];
    expect(standing).toEqual([["172.18.0.2", "10.244.0.0/24", "", ...machine], ["172.18.0.3", "10.244.1.0/24", undefined, ...machine], ["172.18.0.4", "10.244.2.0/24", undefined, ...machine]]);
    const sets = (await cluster.client.list(daemonSets)).items.map(({ metadata, spec: { template }, status }) => [metadata.namespace, metadata.name, template.spec?.nodeSelector, template.spec?.hostNetwork, template.spec?.priorityClassName, status.numberReady]);
    expect(sets).toEqual([["kube-system", "coracle-net", undefined, true, "system-node-critical", 3], ["kube-system", "kube-proxy", { "kubernetes.io/os": "linux" }, true, "system-node-critical", 3]]);
    expect((await cluster.client.list(services)).items.map(({ metadata, spec }) => `${metadata.namespace}/${metadata.name} ${spec.clusterIP}`)).toEqual(["default/kubernetes 10.96.0.1", "kube-system/kube-dns 10.96.0.10"]);
  });

  it.each([
    [{ nodes: -1 }, "nodes: -1 is not a whole number"],
    [{ nodes: 1.5 }, "nodes: 1.5 is not a whole number"],
    [{ nodes: "3" }, 'nodes: "3" is not a whole number'],
    [{ now: "yesterday" }, 'now: "yesterday" is not a time'],
    [{ now: Number.NaN }, "now: NaN is not a time"],
    [{ seed: -1 }, "seed: -1 is not a whole number from 0 to 4294967295"],
    [{ name: "Big Name" }, 'name: "Big Name" is not lower-case letters'],
    [{ clock: "sundial" }, 'clock: "sundial" is not "virtual" or "system"'],
    [{ images: { nginx: 5 } }, 'images: {"nginx":5} is not "any"'],
    [{ images: { "!!": "missing" } }, 'images: {"!!":"missing"} is not "any"'],
    [{ metrics: "no" }, 'metrics: "no" is not true or false'],
    [{ nods: 3 }, "nods: there is no such option; there are name, nodes"],
  ])("refuses %j", async (options, text) => {
    const refused = createCluster(options as never);
    await expect(refused).rejects.toThrow(text);
    await expect(refused).rejects.toBeInstanceOf(OptionError);
  });
});

it.each([null, 5, "three", []])("options that are none are refused: %j", async (options) => {
  await expect(createCluster(options as never)).rejects.toThrow("createCluster takes an object of options");
});

describe("what is no manifest", () => {
  it.each([
    ["", "apply: there is no object in it"],
    ["# nothing\n---\n", "apply: there is no object in it"],
    ["hello", 'the object is "hello", not an object'],
    ["{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Confg, metadata: {name: b}}", 'no matches for kind "Confg" in version "v1"'],
    ["{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\na: [", "yaml: line 3: unexpected end of the stream"],
    ["{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\nkind: ConfigMap", "apply: object 2 of 2 has no apiVersion"],
    ["apiVersion: v1", "apply: the object has no kind"],
    ["{apiVersion: v1, kind: ConfigMap}", "a ConfigMap, has no metadata.name"],
    ["{apiVersion: v1, kind: Confg, metadata: {name: a}}", 'no matches for kind "Confg" in version "v1"'],
    ["{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dta: {}}", 'unknown field "dta"'],
  ])("%j is refused, and nothing of it is made", async (yaml, text) => {
    await using cluster = await createCluster({ nodes: 0 });
    await expect(cluster.apply(yaml)).rejects.toThrow(text);
    expect((await cluster.client.list(configMaps, { namespace: "default", fieldSelector: "metadata.name=a" })).items).toEqual([]);
  });
});

describe("a closed cluster", () => {
  it("says so, whatever it is asked, and opens no port", async () => {
    const cluster = await createCluster({ nodes: 0 });
    await cluster.close();
    await cluster.close();
    const asked = [
      cluster.advance("1h"),
      cluster.runUntil(() => false),
      cluster.settle(),
      cluster.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"),
      cluster.logs("a"),
      cluster.listen(),
      cluster.nodes.add(),
      cluster.nodes.remove("local-worker"),
      cluster.client.list(pods),
      cluster.client.create(configMaps, { metadata: { name: "a", namespace: "default" } }),
    ];
    for (const answer of await Promise.allSettled(asked)) expect(answer).toMatchObject({ status: "rejected", reason: { message: 'cluster "local" is closed' } });
  });

  it("ends its watches, those that are open and those that come after", async () => {
    const cluster = await createCluster({ nodes: 0 });
    const ended: string[] = [];
    const watch = (name: string) => cluster.client.watch(configMaps, { resourceVersion: "0" }, { event() {}, ended: (reason) => ended.push(`${name} ${reason}`) });
    watch("open");
    await cluster.settle();
    await cluster.close();
    watch("late");
    await expect.poll(() => ended.toSorted()).toEqual(["late closed", "open closed"]);
  });

  it("ends what still waits on the machine's clock", async () => {
    const cluster = await createCluster({ nodes: 0, clock: "system" });
    const waiting = expect(cluster.runUntil(() => false)).rejects.toThrow('cluster "local" is closed');
    await cluster.settle();
    await cluster.close();
    await waiting;
  });

  it("ends also what was only just asked", async () => {
    const cluster = await createCluster({ nodes: 0, clock: "system" });
    const asked = [cluster.runUntil(() => false), cluster.nodes.add()];
    await cluster.close();
    for (const answer of await Promise.allSettled(asked)) expect(answer).toMatchObject({ status: "rejected", reason: { message: 'cluster "local" is closed' } });
  });

  it("is held by nobody any more", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const closed = async (clock: "system" | "virtual"): Promise<WeakRef<object>> => {
      const cluster = await createCluster({ nodes: 1, clock });
      await cluster.apply(job("endless", "while true; do date; sleep 1; done"));
      if (clock === "virtual") await cluster.advance("5s");
      await cluster.listen();
      await cluster.close();
      return new WeakRef(cluster.environment);
    };
    const refs = [await closed("virtual"), await closed("system")];
    await expect.poll(() => {
      collect();
      return refs.filter((ref) => ref.deref() !== undefined).length;
    }).toBe(0);
  });

  it("frees a port that was being opened", async () => {
    const cluster = await createCluster({ nodes: 0 });
    const opening = expect(cluster.listen()).rejects.toThrow("is closed");
    await cluster.close();
    await opening;
  });
});

describe("a port", () => {
  it("that cannot be is told", async () => {
    await using cluster = await createCluster({ nodes: 0 });
    await expect(cluster.listen({ port: 99_999 })).rejects.toThrow("listen: port 99999 is not a whole number from 0 to 65535");
    const { port } = await cluster.listen();
    await expect(cluster.listen({ port })).rejects.toThrow(`port ${port} is taken: choose another, or 0 for a free one`);
  });
});

describe("a port at another address", () => {
  it.each(["0.0.0.0", "127.0.0.2"])("%s is reached with what listen answers", async (host) => {
    await using cluster = await createCluster({ nodes: 0 });
    const connection = new ApiConnection((await cluster.listen({ host })).access);
    expect((await connection.get("/version")).status).toBe(200);
    connection.close();
  });
});

describe("a running cluster", () => {
  it("applies as kubectl does: created, unchanged, configured, and removes what the last apply had", async () => {
    await using cluster = await createCluster({ nodes: 1 });
    const map = (data: object): string => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data });
    expect((await cluster.apply(map({ x: "1", y: "2" }))).map(({ outcome }) => outcome)).toEqual(["created"]);
    expect((await cluster.apply(map({ x: "1", y: "2" }))).map(({ outcome }) => outcome)).toEqual(["unchanged"]);
    await cluster.client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { data: { other: "3" } } });
    expect((await cluster.apply(map({ x: "9" }))).map(({ outcome }) => outcome)).toEqual(["configured"]);
    expect((await cluster.client.get(configMaps, { namespace: "default", name: "a" })).data).toEqual({ other: "3", x: "9" });
    await expect(cluster.apply("apiVersion: v1\nkind: Nonsense\nmetadata: { name: x }")).rejects.toThrow('no matches for kind "Nonsense" in version "v1"');
  });

  it("moves its time by durations and until something holds, and gives logs so far", async () => {
    await using cluster = await createCluster({ nodes: 1 });
    await cluster.apply(job("slow", "echo begun; sleep 100; echo done"));
    await cluster.advance("30s");
    const [pod] = (await cluster.client.list(pods, { namespace: "default" })).items;
    expect(await cluster.logs(pod?.metadata.name ?? "")).toBe("begun\n");
    const complete = async () => ((await cluster.client.get(jobs, { namespace: "default", name: "slow" })).status.succeeded ?? 0) === 1;
    await cluster.runUntil(complete);
    const took = cluster.now() - Date.UTC(2026, 0, 1);
    expect(took).toBeGreaterThan(100_000);
    expect(took).toBeLessThan(110_000);
    expect(await cluster.logs({ name: pod?.metadata.name ?? "" })).toBe("begun\ndone\n");
    await expect(cluster.runUntil(() => false, { within: "5s" })).rejects.toThrow("not within 5 s");
    await expect(cluster.advance("soon")).rejects.toThrow('"soon" is not a duration');
    await expect(cluster.advance(-1)).rejects.toThrow("goes back in time");
    await expect(cluster.runUntil(undefined as never)).rejects.toThrow("runUntil takes a function");
    for (const none of ["", "a/b", undefined, {}]) await expect(cluster.logs(none as never)).rejects.toThrow("logs: takes the name of a Pod");
    await expect(cluster.logs("nobody")).rejects.toMatchObject({ message: 'pods "nobody" not found', status: { reason: "NotFound" } });
    await expect(cluster.advance("9999999d")).rejects.toThrow("goes beyond the year 9999");
  });

  it("adds, stops, starts and removes nodes through Machine objects", async () => {
    await using cluster = await createCluster({ nodes: 2 });
    const added = await cluster.nodes.add({ labels: { disktype: "ssd" }, capacity: { cpu: "8", memory: "16Gi", pods: "50" } });
    expect(added).toBe("local-worker2");
    const node = await cluster.client.get(nodes, { name: added });
    expect(node.metadata.labels?.["disktype"]).toBe("ssd");
    expect(node.status.capacity).toMatchObject({ cpu: "8", memory: "16Gi", pods: "50" });
    await cluster.advance("10s");
    expect((await cluster.client.get(daemonSets, { namespace: "kube-system", name: "kube-proxy" })).status.numberReady).toBe(3);
    await cluster.nodes.stop(added);
    expect((await cluster.client.get(machines, { name: added })).status.power).toBe("Off");
    await cluster.advance("2m");
    const readiness = async () => (await cluster.client.get(nodes, { name: added })).status.conditions?.find(({ type }) => type === "Ready")?.status;
    expect(await readiness()).toBe("Unknown");
    await cluster.nodes.start(added);
    expect(await readiness()).toBe("True");
    await cluster.nodes.remove(added);
    expect((await cluster.client.list(nodes)).items).toHaveLength(2);
    expect((await cluster.client.list(machines)).items).toHaveLength(2);
  });

  it("refuses a machine that could not become a node, and makes none", async () => {
    await using cluster = await createCluster({ nodes: 1 });
    const taint = { key: "a", effect: "NoSchedule" };
    const refused: readonly [object, string][] = [
      [{ name: "x".repeat(64) }, "must be no more than 63 bytes"],
      [{ name: "Big" }, "a lowercase RFC 1123 subdomain"],
      [{ taints: [{ key: "a", effect: "Never" }] }, 'spec.taints[0].effect: Unsupported value: "Never"'],
      [{ taints: [taint, { ...taint, value: "2" }] }, "taints must be unique by key and effect pair"],
      [{ capacity: { cpu: "-4" } }, "spec.capacity[cpu]: Invalid value"],
      [{ power: "Maybe" }, 'spec.power: Unsupported value: "Maybe"'],
      [{ labels: { "a b": "c" } }, "spec.labels: Invalid value"],
      [{ nme: "x" }, 'unknown field "spec.nme"'],
    ];
    for (const [asked, text] of refused) await expect(cluster.nodes.add(asked), text).rejects.toThrow(text);
    expect((await cluster.client.list(machines)).items).toHaveLength(1);
  });

  it("keeps time in whole milliseconds, and tells them", async () => {
    await using cluster = await createCluster({ nodes: 0 });
    await cluster.advance("1500ms");
    expect((await cluster.client.get(clocks, { name: "cluster" })).status.now).toBe("2026-01-01T00:00:01.500Z");
    await cluster.advance(0.4);
    await cluster.advance("1.0004s");
    expect(cluster.now()).toBe(Date.UTC(2026, 0, 1, 0, 0, 2, 500));
    const set = (at: string) => cluster.client.patch(clocks, { name: "cluster" }, { type: "merge", body: { spec: { at } } });
    await set("2026-01-01T00:00:02.501Z");
    await cluster.settle();
    expect((await cluster.client.get(clocks, { name: "cluster" })).status.now).toBe("2026-01-01T00:00:02.501Z");
    await expect(set("soon")).rejects.toThrow('spec.at: Invalid value: "soon": must be a time such as 2026-01-01T00:00:00Z');
  });

  it("tells in its Clock where time is, whatever moved it", async () => {
    await using cluster = await createCluster({ nodes: 2 });
    const told = async () => Date.parse((await cluster.client.get(clocks, { name: "cluster" })).status.now ?? "");
    expect(await told()).toBe(cluster.now());
    const before = cluster.now();
    const stopped = async () => (await cluster.client.get(nodes, { name: "local-worker" })).status.conditions?.some(({ type, status }) => type === "Ready" && status === "Unknown") ?? false;
    await cluster.nodes.stop("local-worker");
    await cluster.runUntil(stopped);
    expect(cluster.now()).toBeGreaterThan(before);
    expect(await told()).toBe(cluster.now());
    await expect(cluster.runUntil(() => false, { within: "5s" })).rejects.toThrow("not within 5 s");
    expect(await told()).toBe(cluster.now());
  });

  it("lets the Clock object move time, and tells in its status where it is", async () => {
    await using cluster = await createCluster({ nodes: 1 });
    const clock = { name: "cluster" };
    await cluster.client.patch(clocks, clock, { type: "merge", body: { spec: { at: "2026-01-01T06:00:00Z" } } });
    await cluster.settle();
    expect(cluster.now()).toBe(Date.UTC(2026, 0, 1, 6));
    expect((await cluster.client.get(clocks, clock)).status.now).toBe("2026-01-01T06:00:00Z");
    await cluster.client.patch(clocks, clock, { type: "merge", body: { spec: { paused: true, at: "2026-01-01T07:00:00Z" } } });
    await cluster.settle();
    expect(cluster.now()).toBe(Date.UTC(2026, 0, 1, 6));
    await expect(cluster.client.patch(clocks, clock, { type: "merge", body: { spec: { at: "2025-01-01T00:00:00Z" } } })).rejects.toThrow("time does not go backwards");
  });

  it("follows the host at the Clock's speed, tells once a second where it is, and stands still at once when it is paused", async () => {
    const alarms = new Set<() => void>();
    const hostClock: HostClock = {
      now: () => 0,
      alarm(_delayMs, wake) {
        alarms.add(wake);
        return () => alarms.delete(wake);
      },
    };
    await using cluster = await composeCluster({ nodes: 0 }, { ...nodeHost({ log: silentLog }), clock: hostClock });
    const clock = { name: "cluster" };
    const set = async (spec: object) => {
      await cluster.client.patch(clocks, clock, { type: "merge", body: { spec } });
      await cluster.settle();
    };
    const tenthsPass = async (count: number) => {
      for (let i = 0; i < count; i++) {
        for (const wake of [...alarms]) if (alarms.delete(wake)) wake();
        await cluster.settle();
      }
    };
    const told = async () => (await cluster.client.get(clocks, clock)).status.now;
    await set({ speed: 60 });
    await tenthsPass(10);
    expect([cluster.now(), await told()]).toEqual([Date.UTC(2026, 0, 1, 0, 1), "2026-01-01T00:01:00Z"]);
    await tenthsPass(5);
    await set({ paused: true });
    await tenthsPass(5);
    expect([cluster.now(), await told()]).toEqual([Date.UTC(2026, 0, 1, 0, 1, 30), "2026-01-01T00:01:30Z"]);
  });

  it("makes its Clock again when somebody deletes it", async () => {
    await using cluster = await createCluster({ nodes: 0 });
    await cluster.advance("90s");
    await cluster.client.delete(clocks, { name: "cluster" });
    await cluster.settle();
    await cluster.advance("30s");
    expect((await cluster.client.get(clocks, { name: "cluster" })).status.now).toBe("2026-01-01T00:02:00Z");
  });

  it("stops everything when it is closed", async () => {
    const cluster = await createCluster({ nodes: 1 });
    await cluster.apply(job("endless", "while true; do date; sleep 1; done"));
    await cluster.advance("5s");
    const { url } = await cluster.listen();
    await cluster.close();
    await cluster.close();
    await expect(fetch(url)).rejects.toThrow();
  });
});
