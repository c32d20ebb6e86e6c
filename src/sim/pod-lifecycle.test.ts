import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configMaps, events, nodes, pods } from "../api/kinds.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { Partially } from "../base/json.ts";
import { node, OneMachine } from "../../test/simulated-machine.ts";

/** How the containers of a Pod begin again and end: rules of kubelets that show only when several things come together. */
let world: OneMachine;
const name = { namespace: "default", name: "p" };

beforeEach(async () => {
  world = await OneMachine.start();
});

afterEach(() => world.machine.powerOff());

async function create(spec: object): Promise<void> {
  await world.create(name.name, { terminationGracePeriodSeconds: 30, ...spec });
  await world.server.advance(3000);
}

const get = (): Promise<Pod> => world.get(name.name);
const script = (text: string): object => ({ image: "busybox:1.36", command: ["sh", "-c", text] });

/** What was told of the Pod, each with the seconds since `from` at which it was told last. */
async function told(from = 0): Promise<string[]> {
  const { items } = await world.server.client.list(events, { namespace: "default" });
  const about = items.filter(({ involvedObject }) => involvedObject.name === "p");
  return about.map(({ reason, message, lastTimestamp, count = 1 }) => `${from === 0 ? "" : `${(Date.parse(lastTimestamp ?? "") - from) / 1000} `}${reason} ${message}${count > 1 ? ` x${count}` : ""}`);
}

describe("a Pod that ends", () => {
  it("is not killed by the liveness probe that its own ending fails", async () => {
    await create({ containers: [{ name: "c", ...script("touch /tmp/ok; trap 'rm /tmp/ok; sleep 10; exit 0' TERM; while true; do sleep 1; done"), livenessProbe: { exec: { command: ["cat", "/tmp/ok"] }, periodSeconds: 1, failureThreshold: 1 } }] });
    await world.server.client.delete(pods, name);
    await world.server.advance(8000);
    expect((await told()).filter((text) => text.startsWith("Killing"))).toEqual(["Killing Stopping container c"]);
    await world.server.advance(8000);
    await expect(get()).rejects.toThrow("not found");
  });

  it("runs the preStop hooks of all containers at once, and stops sidecars after the others, the last one first", async () => {
    const sidecar = (side: string): object => ({ name: side, restartPolicy: "Always", ...script("trap 'exit 0' TERM; while true; do sleep 1; done"), lifecycle: { preStop: { exec: { command: ["sh", "-c", "date +%s > /log/$SIDE"] } } }, env: [{ name: "SIDE", value: side }], volumeMounts: [{ name: "log", mountPath: "/log" }] });
    await create({
      volumes: [{ name: "log", hostPath: { path: "/tmp/log" } }], initContainers: [sidecar("first"), sidecar("second")],
      containers: [{ name: "c", ...script("trap 'sleep 10; exit 0' TERM; while true; do sleep 1; done") }],
    });
    const from = world.server.clock.now();
    await world.server.client.delete(pods, name);
    await world.server.advance(5000);
    expect((await told(from)).filter((text) => text.includes("Stopping")).sort()).toEqual(["c", "first", "second"].map((each) => `0 Killing Stopping container ${each}`));
    for (const side of ["first", "second"]) expect((await execIn(`cat /tmp/log/${side}`)).trim()).toBe(String(from / 1000));
    const states = (await get()).status.initContainerStatuses?.map(({ state }) => Object.keys(state)[0]);
    expect(states).toEqual(["running", "running"]);
    await world.server.advance(9000);
    await expect(get()).rejects.toThrow("not found");
  });

  it.each([["an exec", { exec: { command: ["sleep", "1000"] } }], ["a sleep", { sleep: { seconds: 1000 } }]])("does not wait for a postStart hook that is under way: %s", async (_, postStart) => {
    await create({ terminationGracePeriodSeconds: 2000, containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"], lifecycle: { postStart } }] });
    await world.server.client.delete(pods, name, { gracePeriodSeconds: 5 });
    await world.server.advance(6000);
    await expect(get()).rejects.toThrow("not found");
  });

  it("kills all sidecars together when the time is over", async () => {
    const sidecar = (side: string): object => ({ name: side, restartPolicy: "Always", image: "busybox:1.36", command: ["sleep", "1d"] });
    await create({ terminationGracePeriodSeconds: 5, initContainers: [sidecar("a"), sidecar("b"), sidecar("d")], containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }] });
    await world.server.client.delete(pods, name);
    await world.server.advance(6500);
    expect((await get()).metadata.deletionTimestamp).toBeDefined();
    await world.server.advance(1500);
    await expect(get()).rejects.toThrow("not found");
  });
});

/** What a shell on the machine prints. */
async function execIn(text: string): Promise<string> {
  let out = "";
  const run = world.machine.shell?.run({ argv: ["sh", "-c", text], tty: false, onOutput: (_stream, bytes) => void (out += new TextDecoder().decode(bytes)) });
  await world.server.settle();
  await run;
  return out;
}

describe("a container that a probe kills", () => {
  const dying = (text: string): object => ({ name: "c", ...script(text), livenessProbe: { exec: { command: ["false"] }, periodSeconds: 5, failureThreshold: 1, initialDelaySeconds: 5 } });

  it("starts again although it ended well, where failures are followed by another attempt, and at once where its last end is long ago", async () => {
    await create({ restartPolicy: "OnFailure", containers: [dying("trap 'exit 0' TERM; while true; do sleep 1; done")] });
    await world.server.advance(6000);
    const { status } = await get();
    expect(status).toMatchObject({ phase: "Running", containerStatuses: [{ restartCount: 1, lastState: { terminated: { exitCode: 0, reason: "Completed" } } }] });
    expect(await told()).toContain("Killing Container c failed liveness probe, will be restarted");
  });

  it("does not start again in a Pod that never does, and nobody says so", async () => {
    await create({ restartPolicy: "Never", containers: [dying("trap 'exit 3' TERM; while true; do sleep 1; done")] });
    await world.server.advance(10_000);
    expect((await get()).status).toMatchObject({ phase: "Failed", containerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 3 } } }] });
    expect(await told()).toContain("Killing Container c failed liveness probe");
  });
});

describe("an init container", () => {
  it("runs again, in order, when the machine has lost power", async () => {
    await create({ initContainers: [{ name: "i", ...script("date >> /tmp/log/i"), volumeMounts: [{ name: "log", mountPath: "/tmp/log" }] }], containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }], volumes: [{ name: "log", hostPath: { path: "/tmp/log" } }] });
    world.machine.powerOff();
    await world.server.advance(24 * 3_600_000);
    world.machine.powerOn();
    await world.server.advance(30_000);
    const { status } = await get();
    expect(status).toMatchObject({ phase: "Running", initContainerStatuses: [{ restartCount: 1, ready: true }], containerStatuses: [{ restartCount: 1, ready: true }] });
    expect((await execIn("wc -l < /tmp/log/i")).trim()).toBe("2");
    expect(Date.parse(status.initContainerStatuses?.[0]?.state.terminated?.finishedAt ?? "")).toBeLessThanOrEqual(Date.parse(status.containerStatuses?.[0]?.state.running?.startedAt ?? ""));
  });

  it("follows its own restart policy and rules", async () => {
    const rules = [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }];
    await create({ restartPolicy: "Always", initContainers: [{ name: "i", ...script("[ -e /tmp/log/seen ] && exit 7; touch /tmp/log/seen; exit 42"), restartPolicy: "Never", restartPolicyRules: rules, volumeMounts: [{ name: "log", mountPath: "/tmp/log" }] }], containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }], volumes: [{ name: "log", hostPath: { path: "/tmp/log" } }] });
    await world.server.advance(15_000);
    expect((await get()).status).toMatchObject({ phase: "Failed", initContainerStatuses: [{ restartCount: 1, state: { terminated: { exitCode: 7 } } }] });
  });
});

describe("a machine that was cut off", () => {
  const running = { containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }] };
  const readiness = async () => (await get()).status.conditions?.find(({ type }) => type === "Ready")?.status;

  it("says again that a Pod is ready, which was taken for lost", async () => {
    await create(running);
    world.machine.setNetwork("Partitioned");
    await world.server.client.patch(pods, name, { type: "strategic", body: { status: { conditions: [{ type: "Ready", status: "False" }] } } }, { subresource: "status" });
    await world.server.advance(60_000);
    expect(await readiness()).toBe("False");
    world.machine.setNetwork("Connected");
    await world.server.advance(5000);
    expect(await readiness()).toBe("True");
    const { revision } = world.server.store;
    await world.server.advance(9000);
    // Its lease and its node, and no more.
    expect(world.server.store.revision - revision).toBeLessThanOrEqual(2);
  });

  it("says again that it is ready itself, as soon as it is heard", async () => {
    const isReady = async (): Promise<string | undefined> => (await world.server.client.get(nodes, { name: node })).status.conditions?.find(({ type }) => type === "Ready")?.status;
    world.machine.setNetwork("Partitioned");
    await world.server.advance(60_000);
    await world.server.client.patch(nodes, { name: node }, { type: "strategic", body: { status: { conditions: [{ type: "Ready", status: "Unknown" }] } } }, { subresource: "status" });
    await world.server.advance(40_000);
    world.machine.setNetwork("Connected");
    await world.server.advance(10_500);
    expect(await isReady()).toBe("True");
  });

  it("ends a Pod that was deleted while its last status could not be told", async () => {
    await create({ restartPolicy: "Never", containers: [{ name: "c", ...script("sleep 10") }] });
    world.machine.setNetwork("Partitioned");
    await world.server.client.delete(pods, name, { gracePeriodSeconds: 1 });
    await world.server.advance(60_000);
    world.machine.setNetwork("Connected");
    await world.server.advance(5000);
    await expect(get()).rejects.toThrow("not found");
  });

  it("leaves alone what the API says has failed", async () => {
    await create(running);
    world.machine.setNetwork("Partitioned");
    await world.server.client.patch(pods, name, { type: "merge", body: { status: { phase: "Failed", reason: "NodeLost" } } }, { subresource: "status" });
    await world.server.advance(60_000);
    world.machine.setNetwork("Connected");
    await world.server.advance(60_000);
    expect((await get()).status).toMatchObject({ phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] });
  });

  it("brings its volumes up to date with what changed meanwhile, and with what changes afterwards", async () => {
    await world.server.client.create(configMaps, { metadata: { name: "conf", namespace: "default" }, data: { key: "old" } });
    await create({ volumes: [{ name: "conf", configMap: { name: "conf" } }], containers: [{ name: "c", ...script("while true; do cat /conf/key > /dev/termination-log; sleep 1; done"), volumeMounts: [{ name: "conf", mountPath: "/conf" }] }] });
    const uid = (await get()).metadata.uid;
    const content = async (): Promise<string> => (await execIn(`cat /var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~configmap/conf/key`)).trim();
    expect(await content()).toBe("old");
    world.machine.setNetwork("Partitioned");
    await world.server.advance(60_000);
    await world.server.client.patch(configMaps, { namespace: "default", name: "conf" }, { type: "merge", body: { data: { key: "new" } } });
    await world.server.advance(60_000);
    world.machine.setNetwork("Connected");
    await world.server.advance(100_000);
    expect(await content()).toBe("new");
    await world.server.client.patch(configMaps, { namespace: "default", name: "conf" }, { type: "merge", body: { data: { key: "newest" } } });
    await world.server.advance(100_000);
    expect(await content()).toBe("newest");
  });
});

describe("a Pod that names its node past the scheduler", () => {
  const web = (more: object = {}): object => ({ containers: [{ name: "c", image: "nginx", ...more }] });
  const serving = web({ ports: [{ containerPort: 80, hostPort: 8080 }] });
  const cases: readonly (readonly [reason: string, message: string, spec: object])[] = [
    ["OutOfcpu", "Node didn't have enough resource: cpu, requested: 5000, used: 1000, capacity: 4000", web({ resources: { requests: { cpu: "5" } } })],
    ["OutOfmemory", "Node didn't have enough resource: memory, requested: 1099511627776, used: 0, capacity: 8589934592", web({ resources: { requests: { memory: "1Ti" } } })],
    ["NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector", { ...web(), nodeSelector: { disk: "ssd" } }],
    ["NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports", serving],
    ["TaintToleration", "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate", { ...web(), tolerations: [] }],
  ];

  it("asks in vain for a device that nobody there tells of, and runs: the kubelet counts only what its node has", async () => {
    await create({ containers: [{ name: "c", image: "nginx", resources: { requests: { "example.com/gpu": "1" }, limits: { "example.com/gpu": "1" } } }] });
    expect((await get()).status.phase).toBe("Running");
  });

  it.each(cases)("is refused there: %s", async (reason, message, spec) => {
    const other = { apiVersion: "v1", kind: "Pod", metadata: { ...name, name: "other" }, spec: { nodeName: node, automountServiceAccountToken: false, tolerations: [{ operator: "Exists" }], ...web({ ports: [{ containerPort: 80, hostPort: 8080 }], resources: { requests: { cpu: "1" } } }) } };
    await world.server.client.create(pods, other as unknown as Partially<Pod>);
    if (reason === "TaintToleration") await world.server.client.patch(nodes, { name: node }, { type: "merge", body: { spec: { taints: [{ key: "broken", effect: "NoExecute" }] } } });
    await world.server.advance(3000);
    await create(spec);
    const { status } = await get();
    expect(status).toMatchObject({ phase: "Failed", reason, message: `Pod was rejected: ${message}` });
    expect(status.containerStatuses?.some(({ containerID }) => containerID !== undefined && containerID !== "") ?? false).toBe(false);
    expect((await told()).some((text) => text.startsWith("Started"))).toBe(false);
    expect(await told()).toContainEqual(expect.stringContaining(reason) as string);
    expect((await world.server.client.get(pods, { ...name, name: "other" })).status.phase).toBe("Running");
  });
});

describe("a container whose own means fail", () => {
  const loop = script("while true; do sleep 1; done");

  it("waits where its image is not there and may not be pulled", async () => {
    await create({ containers: [{ name: "c", ...loop, imagePullPolicy: "Never" }] });
    const message = 'Container image "busybox:1.36" is not present with pull policy of Never';
    expect((await get()).status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: "ErrImageNeverPull", message } });
    expect(await told()).toContain(`ErrImageNeverPull ${message}`);
  });

  it("is killed and started again after a postStart hook that fails", async () => {
    await create({ terminationGracePeriodSeconds: 1, containers: [{ name: "c", ...loop, lifecycle: { postStart: { exec: { command: ["false"] } } } }] });
    await world.server.advance(20_000);
    expect((await told()).some((text) => text.startsWith("FailedPostStartHook PostStartHook failed"))).toBe(true);
    expect((await get()).status.containerStatuses?.[0]?.restartCount).toBeGreaterThan(0);
    expect((await get()).status.containerStatuses?.[0]?.ready).toBe(false);
  });

  it("ends all the same after a preStop hook that fails", async () => {
    await create({ terminationGracePeriodSeconds: 5, containers: [{ name: "c", ...loop, lifecycle: { preStop: { exec: { command: ["false"] } } } }] });
    await world.server.client.delete(pods, name);
    await world.server.advance(7000);
    await expect(get()).rejects.toThrow("not found");
    expect(await told()).toContain("FailedPreStopHook PreStopHook failed");
  });
});
