import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configMaps, events, leases, nodes, pods, secrets } from "../api/kinds.ts";
import type { ContainerStatus, Pod } from "../api/types/core-v1.ts";
import type { Partially } from "../base/json.ts";
import type { InProcessServer } from "../../test/in-process-server.ts";
import { node, startMachine } from "../../test/simulated-machine.ts";
import type { SimulatedMachine } from "./machine.ts";

let server: InProcessServer;
let machine: SimulatedMachine;

beforeEach(async () => {
  ({ server, machine } = await startMachine());
});

afterEach(() => machine.powerOff());

async function create(name: string, spec: object): Promise<void> {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" }, spec: { nodeName: node, automountServiceAccountToken: false, ...spec } };
  await server.client.create(pods, pod as unknown as Partially<Pod>);
}

const get = (name: string): Promise<Pod> => server.client.get(pods, { namespace: "default", name });

async function messages(name: string): Promise<string[]> {
  const { items } = await server.client.list(events, { namespace: "default" });
  return items.filter((event) => event.involvedObject.name === name).map(({ type, reason, message, count }) => `${type} ${reason} ${message}${(count ?? 1) > 1 ? ` x${count}` : ""}`);
}

async function logOf(name: string, container = "c"): Promise<string> {
  const decoder = new TextDecoder();
  let log = "";
  await machine.agent?.logs({ namespace: "default", pod: name, uid: (await get(name)).metadata.uid, container }, { follow: false, previous: false, timestamps: false, stream: "All" }, {
    write: (bytes) => {
      log += decoder.decode(bytes);
      return true;
    },
    drained: () => undefined,
    end: () => undefined,
    closed: () => undefined,
  });
  return log;
}

/** The output of a command in a Pod, through the kubelet as the API server asks it. */
async function execIn(name: string, command: readonly string[]): Promise<string> {
  const decoder = new TextDecoder();
  let out = "";
  const session = machine.agent?.exec({ namespace: "default", pod: name, uid: (await get(name)).metadata.uid, container: "c" }, { command, stdin: false, stdout: true, stderr: true, tty: false }, {
    send: (channel, bytes) => {
      if (channel < 3) out += decoder.decode(bytes);
      return true;
    },
    drained: () => undefined, onData: () => undefined, onEnd: () => undefined, closed: () => undefined, close: () => undefined,
  });
  await server.settle();
  await session;
  return out;
}

describe("kubelet on a simulated machine", () => {
  it("registers its node and renews its lease", async () => {
    const registered = await server.client.get(nodes, { name: node });
    expect(registered.status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ status: "True", reason: "KubeletReady" });
    expect(registered.metadata.labels?.["kubernetes.io/hostname"]).toBe(node);
    expect(registered.status.capacity).toMatchObject({ cpu: "4", memory: "8148324Ki", pods: "110" });
    expect(registered.status.addresses).toEqual([{ type: "InternalIP", address: "172.18.0.3" }, { type: "Hostname", address: node }]);
    const before = await server.client.get(leases, { namespace: "kube-node-lease", name: node });
    await server.advance(10_000);
    const after = await server.client.get(leases, { namespace: "kube-node-lease", name: node });
    expect(before.spec.holderIdentity).toBe(node);
    expect(after.spec.renewTime).not.toBe(before.spec.renewTime);
  });

  it("tells of its node what a kubelet tells, once", async () => {
    const said = async (): Promise<string[]> => (await server.client.list(events, { namespace: "default" })).items.filter(({ involvedObject }) => involvedObject.kind === "Node").map(({ type, reason, message, count }) => `${type} ${reason} ${message} x${count ?? 1}`);
    expect(await said()).toEqual([
      "Normal Starting Starting kubelet. x1", "Normal NodeAllocatableEnforced Updated Node Allocatable limit across pods x1",
      `Normal NodeHasSufficientMemory Node ${node} status is now: NodeHasSufficientMemory x1`, `Normal NodeHasNoDiskPressure Node ${node} status is now: NodeHasNoDiskPressure x1`,
      `Normal NodeHasSufficientPID Node ${node} status is now: NodeHasSufficientPID x1`, `Normal NodeReady Node ${node} status is now: NodeReady x1`,
    ]);
    machine.powerOff();
    await server.advance(1000);
    machine.powerOn();
    await server.settle();
    expect((await said()).slice(6)).toEqual(["Normal Starting Starting kubelet. x1", "Normal NodeAllocatableEnforced Updated Node Allocatable limit across pods x1", expect.stringMatching(`^Warning Rebooted Node ${node} has been rebooted, boot id: [0-9a-f-]{36} x1$`)]);
  });

  it("counts back-offs as a kubelet does, which looks again every ten to fifteen seconds, or every minute after a crash", async () => {
    await create("missing", { containers: [{ name: "c", image: "nosuchimage" }] });
    await create("crash", { containers: [{ name: "c", image: "busybox", command: ["false"] }] });
    await server.advance(120_000);
    const count = async (name: string, start: string): Promise<number> => Number(/ x(\d+)$/.exec((await messages(name)).find((text) => text.startsWith(start)) ?? "")?.[1] ?? 1);
    expect(await count("missing", "Normal Pulling")).toBe(4);
    expect(await count("missing", "Normal BackOff Back-off pulling image")).toBeGreaterThanOrEqual(4);
    expect(await count("missing", "Normal BackOff Back-off pulling image")).toBeLessThanOrEqual(8);
    // As upstream's, the recorder writes 25 events about one object at once and then few.
    expect(await count("missing", "Warning Failed Error: ImagePullBackOff")).toBeGreaterThanOrEqual(4);
    expect(await count("crash", "Warning BackOff Back-off restarting failed container c in pod crash_default(")).toBe(4);
  });

  it("runs a Pod, with upstream's events and status, and ends it after its grace time", async () => {
    await create("web", { terminationGracePeriodSeconds: 5, containers: [{ name: "agent", image: "busybox:1.36", command: ["sh", "-c", 'while true; do echo "agent on $NODE_NAME"; sleep 10; done'], env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }] }] });
    await server.advance(5000);
    const running = await get("web");
    expect(running.status).toMatchObject({ phase: "Running", podIP: "10.244.1.2", hostIP: "172.18.0.3" });
    expect(running.status.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(["PodReadyToStartContainers=True", "Initialized=True", "Ready=True", "ContainersReady=True", "PodScheduled=True"]);
    expect(running.status.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0, image: "docker.io/library/busybox:1.36" });
    expect(await messages("web")).toEqual(['Normal Pulling Pulling image "busybox:1.36"', expect.stringMatching(/^Normal Pulled Successfully pulled image "busybox:1.36" in \d+ms \(\d+ms including waiting\)\. Image size: 2222260 bytes\.$/), "Normal Created Container created", "Normal Started Container started"]);
    await server.client.delete(pods, { namespace: "default", name: "web" });
    await server.advance(4000);
    expect((await get("web")).metadata.deletionTimestamp).toBeDefined();
    await server.advance(2000);
    await expect(get("web")).rejects.toThrow("not found");
    expect(await messages("web")).toContain("Normal Killing Stopping container agent");
  });

  it("completes, fails and restarts by the restart policy", async () => {
    await create("done", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["echo", "HELLO"] }] });
    await create("failed", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "exit 1"] }] });
    await create("crash", { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "exit 1"] }] });
    await server.advance(5000);
    const done = await get("done");
    expect(done.status.phase).toBe("Succeeded");
    expect(done.status.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    expect(done.status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ status: "False", reason: "PodCompleted" });
    expect((await get("failed")).status.phase).toBe("Failed");
    await server.advance(3000);
    const crash = await get("crash");
    expect(crash.status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { waiting: { reason: "CrashLoopBackOff", message: expect.stringContaining("back-off 10s restarting failed container=c pod=crash_default(") } } });
    await server.advance(60_000);
    expect((await get("crash")).status.containerStatuses?.[0]?.restartCount).toBe(3);
  });

  it("keeps telling what an ended container had and who it was, and nothing of one that was never made", async () => {
    const resources = { requests: { cpu: "10m" }, limits: { memory: "64Mi" } };
    await create("done", { restartPolicy: "Never", securityContext: { runAsUser: 7 }, containers: [{ name: "c", image: "busybox", command: ["true"], resources }] });
    await create("crash", { containers: [{ name: "c", image: "busybox", command: ["false"] }] });
    await create("missing", { containers: [{ name: "c", image: "nosuchimage", resources }] });
    await server.advance(5000);
    const container = async (name: string): Promise<ContainerStatus | undefined> => (await get(name)).status.containerStatuses?.[0];
    const requests = { cpu: "10m", memory: "64Mi" };
    expect(await container("done")).toMatchObject({ state: { terminated: { exitCode: 0 } }, allocatedResources: requests, resources: { limits: resources.limits, requests }, user: { linux: { uid: 7, gid: 0 } } });
    expect(await container("crash")).toMatchObject({ state: { waiting: { reason: "CrashLoopBackOff" } }, resources: {}, user: { linux: { uid: 0, gid: 0 } } });
    for (const absent of ["allocatedResources", "resources", "user"]) expect(await container("missing")).not.toHaveProperty(absent);
  });

  it("says why an image cannot be had", async () => {
    await create("missing", { containers: [{ name: "c", image: "nosuchimage" }] });
    await server.advance(600);
    expect((await get("missing")).status.containerStatuses?.[0]?.state.waiting).toMatchObject({ reason: "ErrImagePull" });
    await server.advance(3000);
    expect((await get("missing")).status.containerStatuses?.[0]?.state.waiting).toMatchObject({ reason: "ImagePullBackOff", message: expect.stringContaining('Back-off pulling image "nosuchimage": ErrImagePull: failed to pull and unpack image') });
    expect(await messages("missing")).toContain("Warning Failed Error: ImagePullBackOff");
  });

  it("leaves out the code of a failed pull only where it says nothing", async () => {
    await create("missing", { containers: [{ name: "c", image: "nosuchimage" }] });
    await create("untagged", { containers: [{ name: "c", image: "nginx:nosuchtag" }] });
    await server.advance(3000);
    expect(await messages("missing")).toContainEqual(expect.stringContaining('Warning Failed Failed to pull image "nosuchimage": failed to pull and unpack image "docker.io/library/nosuchimage:latest": failed to resolve reference'));
    expect(await messages("untagged")).toContainEqual(expect.stringContaining('Warning Failed Failed to pull image "nginx:nosuchtag": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:nosuchtag": '));
  });

  it("warns of Secrets for registries that are not there, and goes on without", async () => {
    await server.client.create(secrets, { metadata: { name: "mine", namespace: "default" } });
    await create("private", { imagePullSecrets: [{ name: "mine" }, { name: "regcred" }, { name: "other" }], containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }] });
    await server.advance(3000);
    expect((await get("private")).status.phase).toBe("Running");
    const told = (await messages("private")).map((text) => text.replace(/ x\d+$/, ""));
    expect(told).toContain("Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (regcred, other); attempting to pull the image may not succeed.");
    expect(told.indexOf("Normal Created Container created")).toBeGreaterThan(told.findIndex((text) => text.includes("FailedToRetrieveImagePullSecret")));
  });

  it("refuses names of images before it pulls", async () => {
    await create("upper", { containers: [{ name: "c", image: "Busybox" }] });
    await server.advance(500);
    const why = `Failed to apply default image tag "Busybox": couldn't parse image name "Busybox": invalid reference format: repository name (library/Busybox) must be lowercase`;
    expect((await get("upper")).status.containerStatuses?.[0]?.state.waiting).toEqual({ reason: "InvalidImageName", message: why });
    expect(await messages("upper")).toEqual([`Warning InspectFailed ${why}`, "Warning Failed Error: InvalidImageName"]);
  });

  it("follows probes", async () => {
    await create("unready", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], readinessProbe: { exec: { command: ["false"] }, periodSeconds: 2 } }] });
    await create("live", { terminationGracePeriodSeconds: 1, containers: [{ name: "c", image: "nginx", livenessProbe: { httpGet: { path: "/nope", port: 80 }, periodSeconds: 5, failureThreshold: 2 } }] });
    await server.advance(12_000);
    expect((await get("unready")).status.conditions?.find(({ type }) => type === "Ready")?.status).toBe("False");
    expect((await messages("unready")).some((text) => text.startsWith("Warning Unhealthy Readiness probe failed: "))).toBe(true);
    expect((await get("live")).status.containerStatuses?.[0]?.restartCount).toBe(1);
    expect(await messages("live")).toContainEqual(expect.stringContaining("Normal Killing Container c failed liveness probe, will be restarted"));
  });

  it("runs init containers in order and mounts what the API holds", async () => {
    await create("whole", {
      initContainers: [{ name: "first", image: "busybox", command: ["sh", "-c", "echo from-init > /shared/file"], volumeMounts: [{ name: "shared", mountPath: "/shared" }] }],
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "cat /shared/file /info/labels; echo; sleep 1d"], volumeMounts: [{ name: "shared", mountPath: "/shared" }, { name: "info", mountPath: "/info" }] }],
      volumes: [{ name: "shared", emptyDir: {} }, { name: "info", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.name" } }] } }],
    });
    await server.advance(5000);
    const pod = await get("whole");
    expect(pod.status.phase).toBe("Running");
    expect(pod.status.initContainerStatuses?.[0]?.state.terminated?.reason).toBe("Completed");
    expect(await logOf("whole")).toBe("from-init\nwhole\n");
  });

  it("mounts an emptyDir in memory where that is asked for", async () => {
    await create("quick", {
      restartPolicy: "Never",
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "mount | grep ' /[a-c] '"], volumeMounts: ["a", "b", "c"].map((name) => ({ name, mountPath: `/${name}` })) }],
      volumes: [{ name: "a", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } }, { name: "b", emptyDir: { medium: "Memory" } }, { name: "c", emptyDir: {} }],
    });
    await server.advance(5000);
    expect(await logOf("quick")).toBe("tmpfs on /a type tmpfs (rw,relatime,size=65536k,noswap)\ntmpfs on /b type tmpfs (rw,relatime,size=8148324k,noswap)\n/dev/vda1 on /c type ext4 (rw,relatime)\n");
  });

  it("counts an emptyDir in memory towards its container's limit, and lets it grow no larger than asked", async () => {
    const write = async (name: string, script: string, emptyDir: object = {}): Promise<readonly [unknown, string]> => {
      await create(name, { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script], resources: { limits: { memory: "8Mi" } }, volumeMounts: [{ name: "m", mountPath: "/mem" }] }], volumes: [{ name: "m", emptyDir: { medium: "Memory", ...emptyDir } }] });
      await server.advance(5000);
      const { exitCode, reason } = (await get(name)).status.containerStatuses?.[0]?.state.terminated ?? {};
      return [{ exitCode, reason }, await logOf(name)];
    };
    expect(await write("mem-fits", "dd if=/dev/zero of=/mem/f bs=1M count=4 status=none; mount | grep ' /mem '; cat /sys/fs/cgroup/memory.current | cut -c1")).toEqual([{ exitCode: 0, reason: "Completed" }, "tmpfs on /mem type tmpfs (rw,relatime,size=8192k,noswap)\n7\n"]);
    expect(await write("mem-bursts", "dd if=/dev/zero of=/mem/f bs=1M count=8; exit $?")).toEqual([{ exitCode: 137, reason: "OOMKilled" }, ""]);
    expect(await write("mem-bounded", "dd if=/dev/zero of=/mem/f bs=1M count=4; exit 3", { sizeLimit: "2Mi" })).toEqual([{ exitCode: 3, reason: "Error" }, "dd: error writing '/mem/f': No space left on device\n"]);
    expect((await write("mem-again", "for i in 1 2 3 4; do dd if=/dev/zero of=/mem/f bs=1M count=3 status=none; rm /mem/f; done"))[0]).toEqual({ exitCode: 0, reason: "Completed" });
  });

  it("lets no container change what the API holds, while an emptyDir is its own", async () => {
    await create("sealed", {
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "echo a > /own/file; echo b > /info/name; cat /own/file /info/name"], volumeMounts: [{ name: "own", mountPath: "/own" }, { name: "info", mountPath: "/info" }] }],
      restartPolicy: "Never",
      volumes: [{ name: "own", emptyDir: {} }, { name: "info", downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } }],
    });
    await server.advance(5000);
    expect(await logOf("sealed")).toBe("sh: can't create /info/name: Read-only file system\na\nsealed");
  });

  it("brings mounted ConfigMaps up to date at the next regular look, links and all", async () => {
    await server.client.create(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "default" }, data: { keep: "one", gone: "x", single: "first" } });
    await create("maps", {
      containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], volumeMounts: [{ name: "v", mountPath: "/v" }, { name: "v", mountPath: "/single", subPath: "single" }] }],
      volumes: [{ name: "v", configMap: { name: "settings" } }],
    });
    await server.advance(5000);
    const sh = (script: string): Promise<string> => execIn("maps", ["sh", "-c", script]);
    expect(await sh("ls -A /v; readlink /v/keep; readlink /v/..data | cut -c1-21; cat /v/keep /v/gone")).toMatch(/^\.\.2026_01_01_00_00_0\d\.\d{10}\n\.\.data\ngone\nkeep\nsingle\n\.\.data\/keep\n\.\.2026_01_01_00_00_0\d\nonex$/);
    const { metadata } = await server.client.get(configMaps, { namespace: "default", name: "settings" });
    await server.client.update(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata, data: { keep: "two", fresh: "y", single: "second" } });
    await server.advance(10_000);
    expect(await sh("cat /v/keep")).toBe("one");
    await server.advance(90_000);
    expect(await sh("ls /v; cat /v/keep /v/fresh /single")).toBe("fresh\nkeep\nsingle\ntwoyfirst");
  });

  it("runs ephemeral containers beside the others, which may be added but neither changed nor taken away", async () => {
    await create("patient", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sleep", "60"] }] });
    await server.advance(5000);
    const place = { namespace: "default", name: "patient" };
    const patch = (containers: object[], type: "strategic" | "merge" = "strategic"): Promise<Pod> => server.client.patch(pods, place, { type, body: { spec: { ephemeralContainers: containers } } }, { subresource: "ephemeralcontainers" });
    const patched = await patch([{ name: "debugger", image: "busybox", command: ["sh", "-c", "echo looking; exit 4"], targetContainerName: "c" }]);
    expect(patched.metadata.generation).toBe(2);
    expect(patched.spec.ephemeralContainers?.[0]).toMatchObject({ name: "debugger", imagePullPolicy: "Always", terminationMessagePolicy: "File" });
    await server.advance(3000);
    const { status } = await get("patient");
    expect(status.phase).toBe("Running");
    expect(status.ephemeralContainerStatuses).toMatchObject([{ name: "debugger", ready: false, restartCount: 0, state: { terminated: { exitCode: 4, reason: "Error" } } }]);
    expect((await server.client.list(events, { namespace: "default" })).items.filter(({ involvedObject }) => involvedObject.fieldPath === "spec.ephemeralContainers{debugger}").map(({ reason }) => reason)).toEqual(["Pulling", "Pulled", "Created", "Started"]);
    await expect(patch([], "merge")).rejects.toThrow('Pod "patient" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be removed\n');
    await expect(patch([{ name: "debugger", image: "alpine" }])).rejects.toThrow('spec.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be changed\n');
    await expect(patch([{ name: "c", image: "busybox" }])).rejects.toThrow('spec.ephemeralContainers[0].name: Duplicate value: "c"');
    await expect(patch([{ name: "late", image: "busybox", targetContainerName: "none" }])).rejects.toThrow('spec.ephemeralContainers[0].targetContainerName: Not found: "none"');
    await server.advance(60_000);
    expect((await get("patient")).status.phase).toBe("Succeeded");
  });

  it("ends a Pod with its main containers, whatever its sidecars do", async () => {
    await create("served", {
      restartPolicy: "Never", terminationGracePeriodSeconds: 5,
      initContainers: [{ name: "side", image: "busybox", restartPolicy: "Always", command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"] }],
      containers: [{ name: "c", image: "busybox", command: ["sleep", "3"] }],
    });
    await server.advance(4000);
    expect((await get("served")).status.phase).toBe("Running");
    await server.advance(8000);
    const { status } = await get("served");
    expect(status.phase).toBe("Succeeded");
    expect(status.initContainerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 0 });
  });

  it("starts containers again by their own rules for exit codes", async () => {
    const rules = [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }];
    const ruled = (name: string, code: number): Promise<void> => create(name, { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", `exit ${code}`], restartPolicy: "Never", restartPolicyRules: rules }] });
    await ruled("again-by-rule", 42);
    await ruled("not-again", 41);
    await server.advance(30_000);
    expect((await get("again-by-rule")).status).toMatchObject({ phase: "Running", containerStatuses: [{ restartCount: 2 }] });
    expect((await get("not-again")).status).toMatchObject({ phase: "Failed", containerStatuses: [{ restartCount: 0 }] });
  });

  it("says StartError of a command that is not there where nothing starts it again", async () => {
    await create("wrong", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["nosuch"] }] });
    await server.advance(5000);
    const { status } = await get("wrong");
    expect(status.phase).toBe("Failed");
    expect(status.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 128, reason: "StartError" });
  });

  it("tells probes that cannot be made from those that fail", async () => {
    const probed = (name: string, probes: object): Promise<void> => create(name, { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], ...probes }] });
    await probed("odd", { livenessProbe: { exec: { command: ["nosuch"] }, periodSeconds: 1, failureThreshold: 2 } });
    await probed("dial", { livenessProbe: { grpc: { port: 9090 }, periodSeconds: 1, failureThreshold: 100 } });
    await server.advance(20_000);
    expect((await messages("odd")).find((text) => text.includes("Unhealthy"))).toMatch(/^Warning Unhealthy Liveness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: /);
    expect((await get("odd")).status.containerStatuses?.[0]?.restartCount).toBe(0);
    expect((await messages("dial")).find((text) => text.includes("Unhealthy"))).toMatch(/^Warning Unhealthy Liveness probe failed: timeout: failed to connect service "10\.244\.1\.\d+:9090" within 1s: context deadline exceeded/);
  });

  it("kills the memory demonstrations of the documentation as their limits say", async () => {
    const demo = (name: string, bytes: string): Promise<void> => create(name, { restartPolicy: "Never", containers: [{ name: "c", image: "polinux/stress", command: ["stress"], args: ["--vm", "1", "--vm-bytes", bytes, "--vm-hang", "1"], resources: { limits: { memory: "200Mi" } } }] });
    await demo("fits", "150M");
    await demo("bursts", "250M");
    await server.advance(5000);
    expect((await get("fits")).status.phase).toBe("Running");
    expect((await get("bursts")).status.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  });

  it("runs containers as the user and with the groups that their Pod names", async () => {
    const script = "id; touch /x; echo mine > /data/f; ls -l /data; cat /secret/k; echo told > /dev/termination-log; chmod 600 /etc/passwd; cd /tmp && touch t && ls -l t | cut -d' ' -f1";
    await server.client.create(secrets, { apiVersion: "v1", kind: "Secret", metadata: { name: "hidden", namespace: "default" }, stringData: { k: "secret\n" } });
    await create("user", {
      restartPolicy: "Never", securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script], volumeMounts: [{ name: "data", mountPath: "/data" }, { name: "secret", mountPath: "/secret" }] }],
      volumes: [{ name: "data", emptyDir: {} }, { name: "secret", secret: { secretName: "hidden", defaultMode: 0o400 } }],
    });
    await server.advance(5000);
    expect(await logOf("user")).toBe(`uid=1000 gid=3000 groups=2000,3000,4000
touch: /x: Permission denied
total 4
-rw-r--r--    1 1000     2000             5 Jan  1 00:00 f
secret
chmod: /etc/passwd: Operation not permitted
-rw-r--r--
`);
    expect((await get("user")).status.containerStatuses?.[0]?.state.terminated).toMatchObject({ message: "told\n" });
  });

  it("puts a container into the groups in which its image lists the user, and says so, unless the Pod's are to be all", async () => {
    const idOf = async (name: string, image: string, securityContext = {}): Promise<readonly [string, unknown]> => {
      await create(name, { restartPolicy: "Never", securityContext, containers: [{ name: "c", image, command: ["sh", "-c", "id; id -G; id -Gn; groups"] }] });
      await server.advance(5000);
      return [await logOf(name), (await get(name)).status.containerStatuses?.[0]?.user?.linux];
    };
    expect(await idOf("grouped", "busybox")).toEqual(["uid=0(root) gid=0(root) groups=0(root),10(wheel)\n0 10\nroot wheel\nroot wheel\n", { uid: 0, gid: 0, supplementalGroups: [0, 10] }]);
    expect(await idOf("strict", "busybox", { supplementalGroups: [4000], supplementalGroupsPolicy: "Strict" })).toEqual(["uid=0(root) gid=0(root) groups=0(root),4000\n0 4000\nroot 4000\nroot 4000\n", { uid: 0, gid: 0, supplementalGroups: [0, 4000] }]);
    expect(await idOf("merged", "busybox", { runAsGroup: 50, supplementalGroups: [4000] })).toEqual(["uid=0(root) gid=50(staff) groups=10(wheel),50(staff),4000\n50 10 4000\nstaff wheel 4000\nstaff wheel 4000\n", { uid: 0, gid: 50, supplementalGroups: [10, 50, 4000] }]);
    const [alpine, told] = await idOf("alpine", "alpine");
    expect(alpine.split("\n")[0]).toBe("uid=0(root) gid=0(root) groups=0(root),1(bin),2(daemon),3(sys),4(adm),6(disk),10(wheel),11(floppy),20(dialout),26(tape),27(video)");
    expect(told).toMatchObject({ supplementalGroups: [0, 1, 2, 3, 4, 6, 10, 11, 20, 26, 27] });
    expect(await idOf("debian", "nginx")).toEqual(["uid=0(root) gid=0(root) groups=0(root)\n0\nroot\nroot\n", { uid: 0, gid: 0, supplementalGroups: [0] }]);
    expect((await idOf("unknown", "busybox", { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000 }))[1]).toEqual({ uid: 1000, gid: 3000, supplementalGroups: [2000, 3000] });
  });

  it("shows the processes of a container to the one that looks into it, and of a whole Pod where it shares them", async () => {
    await create("looked-at", { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "while true; do sleep 100; done"] }] });
    await create("shared", { shareProcessNamespace: true, containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }, { name: "d", image: "busybox", command: ["sleep", "2d"] }] });
    await server.advance(5000);
    const looker = { name: "look", image: "busybox", command: ["sh", "-c", "ps | cut -c7-; kill 2; sleep 1d"], targetContainerName: "c" };
    await server.client.patch(pods, { namespace: "default", name: "looked-at" }, { type: "strategic", body: { spec: { ephemeralContainers: [looker] } } }, { subresource: "ephemeralcontainers" });
    await server.advance(3000);
    expect(await logOf("looked-at", "look")).toMatch(/USER {5}TIME {2}COMMAND\nroot {6}0:00 sh -c while true; do sleep 100; done\nroot {6}0:00 sleep 100\nroot {6}0:00 sh -c /);
    expect((await get("looked-at")).status).toMatchObject({ phase: "Running", containerStatuses: [{ restartCount: 0 }] });
    expect((await execIn("shared", ["ps"])).split("\n").map((line) => line.trim())).toEqual(["PID   USER     TIME  COMMAND", "2 root      0:00 sleep 1d", "3 root      0:00 sleep 2d", "4 root      0:00 ps", ""]);
  });

  it("evicts a Pod that fills a volume beyond its limit", async () => {
    await create("greedy", { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "sleep 15; dd if=/dev/zero of=/cache/f bs=1M count=3; sleep 1d"], volumeMounts: [{ name: "cache", mountPath: "/cache" }] }], volumes: [{ name: "cache", emptyDir: { sizeLimit: "2Mi" } }] });
    await server.advance(14_000);
    expect((await get("greedy")).status.phase).toBe("Running");
    await server.advance(20_000);
    const why = 'Usage of EmptyDir volume "cache" exceeds the limit "2Mi". ';
    const { status } = await get("greedy");
    expect(status).toMatchObject({ phase: "Failed", reason: "Evicted", message: why, containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] });
    expect(status.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({ status: "True", reason: "TerminationByKubelet", message: why });
    expect(await messages("greedy")).toContain(`Warning Evicted ${why}`);
  });

  it("evicts a Pod whose containers write more than their limits", async () => {
    const writer = (name: string, mib: number, limit: string) => ({ name, image: "busybox", command: ["sh", "-c", `dd if=/dev/zero of=/f bs=1M count=${mib}; sleep 1d`], resources: { limits: { "ephemeral-storage": limit } } });
    await create("full", { containers: [writer("c", 3, "2Mi")] });
    await create("one-full", { containers: [writer("c", 3, "2Mi"), writer("d", 1, "4Mi")] });
    await create("all-full", { containers: [writer("c", 3, "2Mi"), writer("d", 5, "4Mi")] });
    await create("fits", { containers: [writer("c", 1, "2Mi")] });
    await server.advance(30_000);
    const told = async (name: string) => (await get(name)).status.message;
    expect([await told("full"), await told("one-full"), await told("all-full"), await told("fits")]).toEqual([
      "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ",
      'Container c exceeded its local ephemeral storage limit "2Mi". ',
      "Pod ephemeral local storage usage exceeds the total limit of containers 6Mi. ",
      undefined,
    ]);
    expect((await get("full")).status).toMatchObject({ phase: "Failed", reason: "Evicted" });
  });

  it("says of a container that waits why it has no log", async () => {
    await create("no-image", { containers: [{ name: "c", image: "no-such-image" }] });
    await create("no-map", { containers: [{ name: "c", image: "busybox", envFrom: [{ configMapRef: { name: "absent" } }] }] });
    await server.advance(8000);
    await expect(logOf("no-image")).rejects.toThrow('container "c" in pod "no-image" is waiting to start: trying and failing to pull image');
    await expect(logOf("no-map")).rejects.toThrow('container "c" in pod "no-map" is waiting to start: CreateContainerConfigError');
  });

  it("shows a script's commands only the variables that are exported", async () => {
    await create("variables", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "own=1; export SHOWN=2; env; env ALSO=3 printenv ALSO"], env: [{ name: "GIVEN", value: "x" }] }] });
    await server.advance(5000);
    const lines = (await logOf("variables")).trim().split("\n");
    expect(lines).toEqual(expect.arrayContaining(["GIVEN=x", "SHOWN=2", "HOSTNAME=variables", "3"]));
    expect(lines.filter((line) => /^(own|IFS|OPTIND|SHELLOPTS|BASHOPTS|OLDPWD|HOSTTYPE|MACHTYPE|OSTYPE|\?)=/.test(line))).toEqual([]);
  });

  it("lists files as root's, as busybox does", async () => {
    const script = "mkdir -p /a/b; echo hello > /a/file; ln -s file /a/link; chmod 600 /a/file; ls /a; ls -l /a; ls -d /a/b /a/file; ls /none";
    await create("list", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] });
    await server.advance(5000);
    expect(await logOf("list")).toBe(`b
file
link
total 8
drwxr-xr-x    2 root     root          4096 Jan  1 00:00 b
-rw-------    1 root     root             6 Jan  1 00:00 file
lrwxrwxrwx    1 root     root             4 Jan  1 00:00 link -> file
/a/b
/a/file
ls: /none: No such file or directory
`);
  });

  it("counts every time that a container cannot be made", async () => {
    await create("again", { containers: [{ name: "c", image: "busybox", envFrom: [{ configMapRef: { name: "absent" } }] }] });
    await server.advance(60_000);
    expect((await messages("again")).find((text) => text.startsWith("Warning Failed "))).toMatch(/^Warning Failed Error: configmap "absent" not found x[4-9]$/);
  });

  it("waits for a ConfigMap, and says so", async () => {
    await create("mount", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], volumeMounts: [{ name: "v", mountPath: "/v" }] }], volumes: [{ name: "v", configMap: { name: "absent" } }] });
    await server.advance(3000);
    expect((await messages("mount")).some((text) => text.startsWith('Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "absent" not found'))).toBe(true);
    await create("env", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], envFrom: [{ configMapRef: { name: "absent" } }] }] });
    await server.advance(3000);
    expect((await get("env")).status.containerStatuses?.[0]?.state.waiting).toMatchObject({ reason: "CreateContainerConfigError", message: 'configmap "absent" not found' });
    expect((await get("env")).status.containerStatuses?.[0]).toMatchObject({ image: "busybox", imageID: "" });
  });

  it("comes back after a loss of power with what it ran", async () => {
    await create("web", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }] });
    await server.advance(5000);
    machine.powerOff();
    await server.advance(30_000);
    expect((await get("web")).status.phase).toBe("Running");
    machine.powerOn();
    await server.advance(30_000);
    expect((await get("web")).status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 255, reason: "Unknown" } } });
    expect((await messages("web")).filter((text) => text.includes("SandboxChanged"))).toEqual(["Normal SandboxChanged Pod sandbox changed, it will be killed and re-created."]);
  });

  it("ends a Pod that the API calls Failed, and never says that it runs again", async () => {
    await create("lost", { terminationGracePeriodSeconds: 5, containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }] });
    await server.advance(5000);
    await server.client.patch(pods, { namespace: "default", name: "lost" }, { type: "merge", body: { status: { phase: "Failed", reason: "Evicted" } } }, { subresource: "status" });
    await server.advance(10_000);
    expect((await get("lost")).status).toMatchObject({ phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] });
  });

  it("writes nothing when nothing changes", async () => {
    await create("web", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }] });
    await server.advance(5000);
    const before = await get("web");
    await server.advance(600_000);
    expect((await get("web")).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });
});
