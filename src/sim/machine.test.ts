import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { events, leases, nodes, pods, secrets } from "../api/kinds.ts";
import type { ContainerStatus, Pod } from "../api/types/core-v1.ts";
import { node, OneMachine } from "../../test/simulated-machine.ts";

let world: OneMachine;

beforeEach(async () => {
  world = await OneMachine.start();
});

afterEach(() => world.machine.powerOff());

describe("kubelet on a simulated machine", () => {
  it("registers its node and renews its lease", async () => {
    const registered = await world.server.client.get(nodes, { name: node });
    expect(registered.status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ status: "True", reason: "KubeletReady" });
    expect(registered.metadata.labels?.["kubernetes.io/hostname"]).toBe(node);
    expect(registered.status.capacity).toMatchObject({ cpu: "4", memory: "8Gi", pods: "110" });
    expect(registered.status.addresses).toEqual([{ type: "InternalIP", address: "172.18.0.3" }, { type: "Hostname", address: node }]);
    const before = await world.server.client.get(leases, { namespace: "kube-node-lease", name: node });
    await world.server.advance(10_000);
    const after = await world.server.client.get(leases, { namespace: "kube-node-lease", name: node });
    expect(before.spec.holderIdentity).toBe(node);
    expect(after.spec.renewTime).not.toBe(before.spec.renewTime);
  });

  it("tells of its node what a kubelet tells, once", async () => {
    const said = async (): Promise<string[]> => (await world.server.client.list(events, { namespace: "default" })).items.filter(({ involvedObject }) => involvedObject.kind === "Node").map(({ type, reason, message, count }) => `${type} ${reason} ${message} x${count ?? 1}`);
    expect(await said()).toEqual([
      "Normal Starting Starting kubelet. x1", "Normal NodeAllocatableEnforced Updated Node Allocatable limit across pods x1",
      `Normal NodeHasSufficientMemory Node ${node} status is now: NodeHasSufficientMemory x1`, `Normal NodeHasNoDiskPressure Node ${node} status is now: NodeHasNoDiskPressure x1`,
      `Normal NodeHasSufficientPID Node ${node} status is now: NodeHasSufficientPID x1`, `Normal NodeReady Node ${node} status is now: NodeReady x1`,
    ]);
    world.machine.powerOff();
    await world.server.advance(1000);
    world.machine.powerOn();
    await world.server.settle();
    expect((await said()).slice(6)).toEqual(["Normal Starting Starting kubelet. x1", "Normal NodeAllocatableEnforced Updated Node Allocatable limit across pods x1", expect.stringMatching(`^Warning Rebooted Node ${node} has been rebooted, boot id: [0-9a-f-]{36} x1$`)]);
  });

  it("counts back-offs as a kubelet does, which looks again every ten to fifteen seconds, or every minute after a crash", async () => {
    await world.create("missing", { containers: [{ name: "c", image: "nosuchimage" }] });
    await world.create("crash", { containers: [{ name: "c", image: "busybox", command: ["false"] }] });
    await world.server.advance(120_000);
    const count = async (name: string, start: string): Promise<number> => Number(/ x(\d+)$/.exec((await world.messages(name)).find((text) => text.startsWith(start)) ?? "")?.[1] ?? 1);
    expect(await count("missing", "Normal Pulling")).toBe(4);
    expect(await count("missing", "Normal BackOff Back-off pulling image")).toBeGreaterThanOrEqual(4);
    expect(await count("missing", "Normal BackOff Back-off pulling image")).toBeLessThanOrEqual(8);
    // As upstream's, the recorder writes 25 events about one object at once and then few.
    expect(await count("missing", "Warning Failed Error: ImagePullBackOff")).toBeGreaterThanOrEqual(4);
    expect(await count("crash", "Warning BackOff Back-off restarting failed container c in pod crash_default(")).toBe(4);
  });

  it("runs a Pod, with upstream's events and status, and ends it after its grace time", async () => {
    await world.create("web", { terminationGracePeriodSeconds: 5, containers: [{ name: "agent", image: "busybox:1.36", command: ["sh", "-c", 'while true; do echo "agent on $NODE_NAME"; sleep 10; done'], env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }] }] });
    await world.server.advance(5000);
    const running = await world.get("web");
    expect(running.status).toMatchObject({ phase: "Running", podIP: "10.244.1.2", hostIP: "172.18.0.3" });
    expect(running.status.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(["PodReadyToStartContainers=True", "Initialized=True", "Ready=True", "ContainersReady=True", "PodScheduled=True"]);
    expect(running.status.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0, image: "docker.io/library/busybox:1.36" });
    expect(await world.messages("web")).toEqual(['Normal Pulling Pulling image "busybox:1.36"', expect.stringMatching(/^Normal Pulled Successfully pulled image "busybox:1.36" in \d+ms \(\d+ms including waiting\)\. Image size: 2222260 bytes\.$/), "Normal Created Container created", "Normal Started Container started"]);
    await world.server.client.delete(pods, { namespace: "default", name: "web" });
    await world.server.advance(4000);
    expect((await world.get("web")).metadata.deletionTimestamp).toBeDefined();
    await world.server.advance(2000);
    await expect(world.get("web")).rejects.toThrow("not found");
    expect(await world.messages("web")).toContain("Normal Killing Stopping container agent");
  });

  it("completes, fails and restarts by the restart policy", async () => {
    await world.create("done", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["echo", "HELLO"] }] });
    await world.create("failed", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "exit 1"] }] });
    await world.create("crash", { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "exit 1"] }] });
    await world.server.advance(5000);
    const done = await world.get("done");
    expect(done.status.phase).toBe("Succeeded");
    expect(done.status.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
    expect(done.status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ status: "False", reason: "PodCompleted" });
    expect((await world.get("failed")).status.phase).toBe("Failed");
    await world.server.advance(3000);
    const crash = await world.get("crash");
    expect(crash.status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { waiting: { reason: "CrashLoopBackOff", message: expect.stringContaining("back-off 10s restarting failed container=c pod=crash_default(") } } });
    await world.server.advance(60_000);
    expect((await world.get("crash")).status.containerStatuses?.[0]?.restartCount).toBe(3);
  });

  it("keeps telling what an ended container had and who it was, and nothing of one that was never made", async () => {
    const resources = { requests: { cpu: "10m" }, limits: { memory: "64Mi" } };
    await world.create("done", { restartPolicy: "Never", securityContext: { runAsUser: 7 }, containers: [{ name: "c", image: "busybox", command: ["true"], resources }] });
    await world.create("crash", { containers: [{ name: "c", image: "busybox", command: ["false"] }] });
    await world.create("missing", { containers: [{ name: "c", image: "nosuchimage", resources }] });
    await world.server.advance(5000);
    const container = async (name: string): Promise<ContainerStatus | undefined> => (await world.get(name)).status.containerStatuses?.[0];
    const requests = { cpu: "10m", memory: "64Mi" };
    expect(await container("done")).toMatchObject({ state: { terminated: { exitCode: 0 } }, allocatedResources: requests, resources: { limits: resources.limits, requests }, user: { linux: { uid: 7, gid: 0 } } });
    expect(await container("crash")).toMatchObject({ state: { waiting: { reason: "CrashLoopBackOff" } }, resources: {}, user: { linux: { uid: 0, gid: 0 } } });
    for (const absent of ["allocatedResources", "resources", "user"]) expect(await container("missing")).not.toHaveProperty(absent);
  });

  it("says why an image cannot be had", async () => {
    await world.create("missing", { containers: [{ name: "c", image: "nosuchimage" }] });
    await world.server.advance(600);
    expect((await world.get("missing")).status.containerStatuses?.[0]?.state.waiting).toMatchObject({ reason: "ErrImagePull" });
    await world.server.advance(3000);
    expect((await world.get("missing")).status.containerStatuses?.[0]?.state.waiting).toMatchObject({ reason: "ImagePullBackOff", message: expect.stringContaining('Back-off pulling image "nosuchimage": ErrImagePull: failed to pull and unpack image') });
    expect(await world.messages("missing")).toContain("Warning Failed Error: ImagePullBackOff");
  });

  it("leaves out the code of a failed pull only where it says nothing", async () => {
    await world.create("missing", { containers: [{ name: "c", image: "nosuchimage" }] });
    await world.create("untagged", { containers: [{ name: "c", image: "nginx:nosuchtag" }] });
    await world.server.advance(3000);
    expect(await world.messages("missing")).toContainEqual(expect.stringContaining('Warning Failed Failed to pull image "nosuchimage": failed to pull and unpack image "docker.io/library/nosuchimage:latest": failed to resolve reference'));
    expect(await world.messages("untagged")).toContainEqual(expect.stringContaining('Warning Failed Failed to pull image "nginx:nosuchtag": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:nosuchtag": '));
  });

  it("warns of Secrets for registries that are not there, and goes on without", async () => {
    await world.server.client.create(secrets, { metadata: { name: "mine", namespace: "default" } });
    await world.create("private", { imagePullSecrets: [{ name: "mine" }, { name: "regcred" }, { name: "other" }], containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }] });
    await world.server.advance(3000);
    expect((await world.get("private")).status.phase).toBe("Running");
    const told = (await world.messages("private")).map((text) => text.replace(/ x\d+$/, ""));
    expect(told).toContain("Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (regcred, other); attempting to pull the image may not succeed.");
    expect(told.indexOf("Normal Created Container created")).toBeGreaterThan(told.findIndex((text) => text.includes("FailedToRetrieveImagePullSecret")));
  });

  it("refuses names of images before it pulls", async () => {
    await world.create("upper", { containers: [{ name: "c", image: "Busybox" }] });
    await world.server.advance(500);
    const why = `Failed to apply default image tag "Busybox": couldn't parse image name "Busybox": invalid reference format: repository name (library/Busybox) must be lowercase`;
    expect((await world.get("upper")).status.containerStatuses?.[0]?.state.waiting).toEqual({ reason: "InvalidImageName", message: why });
    expect(await world.messages("upper")).toEqual([`Warning InspectFailed ${why}`, "Warning Failed Error: InvalidImageName"]);
  });

  it("follows probes", async () => {
    await world.create("unready", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], readinessProbe: { exec: { command: ["false"] }, periodSeconds: 2 } }] });
    await world.create("live", { terminationGracePeriodSeconds: 1, containers: [{ name: "c", image: "nginx", livenessProbe: { httpGet: { path: "/nope", port: 80 }, periodSeconds: 5, failureThreshold: 2 } }] });
    await world.server.advance(12_000);
    expect((await world.get("unready")).status.conditions?.find(({ type }) => type === "Ready")?.status).toBe("False");
    expect((await world.messages("unready")).some((text) => text.startsWith("Warning Unhealthy Readiness probe failed: "))).toBe(true);
    expect((await world.get("live")).status.containerStatuses?.[0]?.restartCount).toBe(1);
    expect(await world.messages("live")).toContainEqual(expect.stringContaining("Normal Killing Container c failed liveness probe, will be restarted"));
  });

  it("runs ephemeral containers beside the others, which may be added but neither changed nor taken away", async () => {
    await world.create("patient", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sleep", "60"] }] });
    await world.server.advance(5000);
    const place = { namespace: "default", name: "patient" };
    const patch = (containers: object[], type: "strategic" | "merge" = "strategic"): Promise<Pod> => world.server.client.patch(pods, place, { type, body: { spec: { ephemeralContainers: containers } } }, { subresource: "ephemeralcontainers" });
    const patched = await patch([{ name: "debugger", image: "busybox", command: ["sh", "-c", "echo looking; exit 4"], targetContainerName: "c" }]);
    expect(patched.metadata.generation).toBe(2);
    expect(patched.spec.ephemeralContainers?.[0]).toMatchObject({ name: "debugger", imagePullPolicy: "Always", terminationMessagePolicy: "File" });
    await world.server.advance(3000);
    const { status } = await world.get("patient");
    expect(status.phase).toBe("Running");
    expect(status.ephemeralContainerStatuses).toMatchObject([{ name: "debugger", ready: false, restartCount: 0, state: { terminated: { exitCode: 4, reason: "Error" } } }]);
    expect((await world.server.client.list(events, { namespace: "default" })).items.filter(({ involvedObject }) => involvedObject.fieldPath === "spec.ephemeralContainers{debugger}").map(({ reason }) => reason)).toEqual(["Pulling", "Pulled", "Created", "Started"]);
    await expect(patch([], "merge")).rejects.toThrow('Pod "patient" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be removed\n');
    await expect(patch([{ name: "debugger", image: "alpine" }])).rejects.toThrow('spec.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be changed\n');
    await expect(patch([{ name: "c", image: "busybox" }])).rejects.toThrow('spec.ephemeralContainers[0].name: Duplicate value: "c"');
    await expect(patch([{ name: "late", image: "busybox", targetContainerName: "none" }])).rejects.toThrow('spec.ephemeralContainers[0].targetContainerName: Not found: "none"');
    await world.server.advance(60_000);
    expect((await world.get("patient")).status.phase).toBe("Succeeded");
  });

  it("ends a Pod with its main containers, whatever its sidecars do", async () => {
    await world.create("served", {
      restartPolicy: "Never", terminationGracePeriodSeconds: 5,
      initContainers: [{ name: "side", image: "busybox", restartPolicy: "Always", command: ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"] }],
      containers: [{ name: "c", image: "busybox", command: ["sleep", "3"] }],
    });
    await world.server.advance(4000);
    expect((await world.get("served")).status.phase).toBe("Running");
    await world.server.advance(8000);
    const { status } = await world.get("served");
    expect(status.phase).toBe("Succeeded");
    expect(status.initContainerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 0 });
  });

  it("starts containers again by their own rules for exit codes", async () => {
    const rules = [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }];
    const ruled = (name: string, code: number): Promise<void> => world.create(name, { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", `exit ${code}`], restartPolicy: "Never", restartPolicyRules: rules }] });
    await ruled("again-by-rule", 42);
    await ruled("not-again", 41);
    await world.server.advance(30_000);
    expect((await world.get("again-by-rule")).status).toMatchObject({ phase: "Running", containerStatuses: [{ restartCount: 2 }] });
    expect((await world.get("not-again")).status).toMatchObject({ phase: "Failed", containerStatuses: [{ restartCount: 0 }] });
  });

  it("says StartError of a command that is not there where nothing starts it again", async () => {
    await world.create("wrong", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["nosuch"] }] });
    await world.server.advance(5000);
    const { status } = await world.get("wrong");
    expect(status.phase).toBe("Failed");
    expect(status.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 128, reason: "StartError" });
  });

  it("tells probes that cannot be made from those that fail", async () => {
    const probed = (name: string, probes: object): Promise<void> => world.create(name, { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], ...probes }] });
    await probed("odd", { livenessProbe: { exec: { command: ["nosuch"] }, periodSeconds: 1, failureThreshold: 2 } });
    await probed("dial", { livenessProbe: { grpc: { port: 9090 }, periodSeconds: 1, failureThreshold: 100 } });
    await world.server.advance(20_000);
    expect((await world.messages("odd")).find((text) => text.includes("Unhealthy"))).toMatch(/^Warning Unhealthy Liveness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: /);
    expect((await world.get("odd")).status.containerStatuses?.[0]?.restartCount).toBe(0);
    expect((await world.messages("dial")).find((text) => text.includes("Unhealthy"))).toMatch(/^Warning Unhealthy Liveness probe failed: timeout: failed to connect service "10\.244\.1\.\d+:9090" within 1s: context deadline exceeded/);
  });

  it("kills the memory demonstrations of the documentation as their limits say", async () => {
    const demo = (name: string, bytes: string): Promise<void> => world.create(name, { restartPolicy: "Never", containers: [{ name: "c", image: "polinux/stress", command: ["stress"], args: ["--vm", "1", "--vm-bytes", bytes, "--vm-hang", "1"], resources: { limits: { memory: "200Mi" } } }] });
    await demo("fits", "150M");
    await demo("bursts", "250M");
    await world.server.advance(5000);
    expect((await world.get("fits")).status.phase).toBe("Running");
    expect((await world.get("bursts")).status.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  });

  it("shows the processes of a container to the one that looks into it, and of a whole Pod where it shares them", async () => {
    await world.create("looked-at", { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "while true; do sleep 100; done"] }] });
    await world.create("shared", { shareProcessNamespace: true, containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }, { name: "d", image: "busybox", command: ["sleep", "2d"] }] });
    await world.server.advance(5000);
    const looker = { name: "look", image: "busybox", command: ["sh", "-c", "ps | cut -c7-; kill 2; sleep 1d"], targetContainerName: "c" };
    await world.server.client.patch(pods, { namespace: "default", name: "looked-at" }, { type: "strategic", body: { spec: { ephemeralContainers: [looker] } } }, { subresource: "ephemeralcontainers" });
    await world.server.advance(3000);
    expect(await world.logOf("looked-at", "look")).toMatch(/USER {5}TIME {2}COMMAND\nroot {6}0:00 sh -c while true; do sleep 100; done\nroot {6}0:00 sleep 100\nroot {6}0:00 sh -c /);
    expect((await world.get("looked-at")).status).toMatchObject({ phase: "Running", containerStatuses: [{ restartCount: 0 }] });
    expect((await world.execIn("shared", ["ps"])).split("\n").map((line) => line.trim())).toEqual(["PID   USER     TIME  COMMAND", "2 root      0:00 sleep 1d", "3 root      0:00 sleep 2d", "4 root      0:00 ps", ""]);
  });

  it("says of a container that waits why it has no log", async () => {
    await world.create("no-image", { containers: [{ name: "c", image: "no-such-image" }] });
    await world.create("no-map", { containers: [{ name: "c", image: "busybox", envFrom: [{ configMapRef: { name: "absent" } }] }] });
    await world.server.advance(8000);
    await expect(world.logOf("no-image")).rejects.toThrow('container "c" in pod "no-image" is waiting to start: trying and failing to pull image');
    await expect(world.logOf("no-map")).rejects.toThrow('container "c" in pod "no-map" is waiting to start: CreateContainerConfigError');
  });

  it("shows a script's commands only the variables that are exported", async () => {
    await world.create("variables", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "own=1; export SHOWN=2; env; env ALSO=3 printenv ALSO"], env: [{ name: "GIVEN", value: "x" }] }] });
    await world.server.advance(5000);
    const lines = (await world.logOf("variables")).trim().split("\n");
    expect(lines).toEqual(expect.arrayContaining(["GIVEN=x", "SHOWN=2", "HOSTNAME=variables", "3"]));
    expect(lines.filter((line) => /^(own|IFS|OPTIND|SHELLOPTS|BASHOPTS|OLDPWD|HOSTTYPE|MACHTYPE|OSTYPE|\?)=/.test(line))).toEqual([]);
  });

  it("counts every time that a container cannot be made", async () => {
    await world.create("again", { containers: [{ name: "c", image: "busybox", envFrom: [{ configMapRef: { name: "absent" } }] }] });
    await world.server.advance(60_000);
    expect((await world.messages("again")).find((text) => text.startsWith("Warning Failed "))).toMatch(/^Warning Failed Error: configmap "absent" not found x[4-9]$/);
  });

  it("comes back after a loss of power with what it ran", async () => {
    await world.create("web", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }] });
    await world.server.advance(5000);
    world.machine.powerOff();
    await world.server.advance(30_000);
    expect((await world.get("web")).status.phase).toBe("Running");
    world.machine.powerOn();
    await world.server.advance(30_000);
    expect((await world.get("web")).status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 255, reason: "Unknown" } } });
    expect((await world.messages("web")).filter((text) => text.includes("SandboxChanged"))).toEqual(["Normal SandboxChanged Pod sandbox changed, it will be killed and re-created."]);
  });

  it("ends a Pod that the API calls Failed, and never says that it runs again", async () => {
    await world.create("lost", { terminationGracePeriodSeconds: 5, containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1d"] }] });
    await world.server.advance(5000);
    await world.server.client.patch(pods, { namespace: "default", name: "lost" }, { type: "merge", body: { status: { phase: "Failed", reason: "Evicted" } } }, { subresource: "status" });
    await world.server.advance(10_000);
    expect((await world.get("lost")).status).toMatchObject({ phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] });
  });

  it("writes nothing when nothing changes", async () => {
    await world.create("web", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"] }] });
    await world.server.advance(5000);
    const before = await world.get("web");
    await world.server.advance(600_000);
    expect((await world.get("web")).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });
});
