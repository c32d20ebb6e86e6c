import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configMaps, secrets } from "../api/kinds.ts";
import { OneMachine } from "../../test/simulated-machine.ts";

/** What containers find in their files, whose they are, and how much they may write. */
let world: OneMachine;

beforeEach(async () => {
  world = await OneMachine.start();
});

afterEach(() => world.machine.powerOff());

describe("files of Pods on a simulated machine", () => {
  it("runs init containers in order and mounts what the API holds", async () => {
    await world.create("whole", {
      initContainers: [{ name: "first", image: "busybox", command: ["sh", "-c", "echo from-init > /shared/file"], volumeMounts: [{ name: "shared", mountPath: "/shared" }] }],
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "cat /shared/file /info/labels; echo; sleep 1d"], volumeMounts: [{ name: "shared", mountPath: "/shared" }, { name: "info", mountPath: "/info" }] }],
      volumes: [{ name: "shared", emptyDir: {} }, { name: "info", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.name" } }] } }],
    });
    await world.server.advance(5000);
    const pod = await world.get("whole");
    expect(pod.status.phase).toBe("Running");
    expect(pod.status.initContainerStatuses?.[0]?.state.terminated?.reason).toBe("Completed");
    expect(await world.logOf("whole")).toBe("from-init\nwhole\n");
  });

  it("mounts an emptyDir in memory where that is asked for", async () => {
    await world.create("quick", {
      restartPolicy: "Never",
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "mount | grep ' /[a-c] '"], volumeMounts: ["a", "b", "c"].map((name) => ({ name, mountPath: `/${name}` })) }],
      volumes: [{ name: "a", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } }, { name: "b", emptyDir: { medium: "Memory" } }, { name: "c", emptyDir: {} }],
    });
    await world.server.advance(5000);
    expect(await world.logOf("quick")).toBe("tmpfs on /a type tmpfs (rw,relatime,size=65536k,noswap)\ntmpfs on /b type tmpfs (rw,relatime,size=8388608k,noswap)\n/dev/vda1 on /c type ext4 (rw,relatime)\n");
  });

  it("counts an emptyDir in memory towards its container's limit, and lets it grow no larger than asked", async () => {
    const write = async (name: string, script: string, emptyDir: object = {}): Promise<readonly [unknown, string]> => {
      await world.create(name, { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script], resources: { limits: { memory: "8Mi" } }, volumeMounts: [{ name: "m", mountPath: "/mem" }] }], volumes: [{ name: "m", emptyDir: { medium: "Memory", ...emptyDir } }] });
      await world.server.advance(5000);
      const { exitCode, reason } = (await world.get(name)).status.containerStatuses?.[0]?.state.terminated ?? {};
      return [{ exitCode, reason }, await world.logOf(name)];
    };
    expect(await write("mem-fits", "dd if=/dev/zero of=/mem/f bs=1M count=4 status=none; mount | grep ' /mem '; cat /sys/fs/cgroup/memory.current | cut -c1")).toEqual([{ exitCode: 0, reason: "Completed" }, "tmpfs on /mem type tmpfs (rw,relatime,size=8192k,noswap)\n7\n"]);
    expect(await write("mem-bursts", "dd if=/dev/zero of=/mem/f bs=1M count=8; exit $?")).toEqual([{ exitCode: 137, reason: "OOMKilled" }, ""]);
    expect(await write("mem-bounded", "dd if=/dev/zero of=/mem/f bs=1M count=4; exit 3", { sizeLimit: "2Mi" })).toEqual([{ exitCode: 3, reason: "Error" }, "dd: error writing '/mem/f': No space left on device\n"]);
    expect((await write("mem-again", "for i in 1 2 3 4; do dd if=/dev/zero of=/mem/f bs=1M count=3 status=none; rm /mem/f; done"))[0]).toEqual({ exitCode: 0, reason: "Completed" });
  });

  it("lets no container change what the API holds, while an emptyDir is its own", async () => {
    await world.create("sealed", {
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "echo a > /own/file; echo b > /info/name; cat /own/file /info/name"], volumeMounts: [{ name: "own", mountPath: "/own" }, { name: "info", mountPath: "/info" }] }],
      restartPolicy: "Never",
      volumes: [{ name: "own", emptyDir: {} }, { name: "info", downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] } }],
    });
    await world.server.advance(5000);
    expect(await world.logOf("sealed")).toBe("sh: can't create /info/name: Read-only file system\na\nsealed");
  });

  it("brings mounted ConfigMaps up to date at the next regular look, links and all", async () => {
    await world.server.client.create(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "default" }, data: { keep: "one", gone: "x", single: "first" } });
    await world.create("maps", {
      containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], volumeMounts: [{ name: "v", mountPath: "/v" }, { name: "v", mountPath: "/single", subPath: "single" }] }],
      volumes: [{ name: "v", configMap: { name: "settings" } }],
    });
    await world.server.advance(5000);
    const sh = (script: string): Promise<string> => world.execIn("maps", ["sh", "-c", script]);
    expect(await sh("ls -A /v; readlink /v/keep; readlink /v/..data | cut -c1-21; cat /v/keep /v/gone")).toMatch(/^\.\.2026_01_01_00_00_0\d\.\d{10}\n\.\.data\ngone\nkeep\nsingle\n\.\.data\/keep\n\.\.2026_01_01_00_00_0\d\nonex$/);
    const { metadata } = await world.server.client.get(configMaps, { namespace: "default", name: "settings" });
    await world.server.client.update(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata, data: { keep: "two", fresh: "y", single: "second" } });
    await world.server.advance(10_000);
    expect(await sh("cat /v/keep")).toBe("one");
    await world.server.advance(90_000);
    expect(await sh("ls /v; cat /v/keep /v/fresh /single")).toBe("fresh\nkeep\nsingle\ntwoyfirst");
  });

  it("runs containers as the user and with the groups that their Pod names", async () => {
    const script = "id; touch /x; echo mine > /data/f; ls -l /data; cat /secret/k; echo told > /dev/termination-log; chmod 600 /etc/passwd; cd /tmp && touch t && ls -l t | cut -d' ' -f1";
    await world.server.client.create(secrets, { apiVersion: "v1", kind: "Secret", metadata: { name: "hidden", namespace: "default" }, stringData: { k: "secret\n" } });
    await world.create("user", {
      restartPolicy: "Never", securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
      containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script], volumeMounts: [{ name: "data", mountPath: "/data" }, { name: "secret", mountPath: "/secret" }] }],
      volumes: [{ name: "data", emptyDir: {} }, { name: "secret", secret: { secretName: "hidden", defaultMode: 0o400 } }],
    });
    await world.server.advance(5000);
    expect(await world.logOf("user")).toBe(`uid=1000 gid=3000 groups=2000,3000,4000
touch: /x: Permission denied
total 4
-rw-r--r--    1 1000     2000             5 Jan  1 00:00 f
secret
chmod: /etc/passwd: Operation not permitted
-rw-r--r--
`);
    expect((await world.get("user")).status.containerStatuses?.[0]?.state.terminated).toMatchObject({ message: "told\n" });
  });

  it("puts a container into the groups in which its image lists the user, and says so, unless the Pod's are to be all", async () => {
    const idOf = async (name: string, image: string, securityContext = {}): Promise<readonly [string, unknown]> => {
      await world.create(name, { restartPolicy: "Never", securityContext, containers: [{ name: "c", image, command: ["sh", "-c", "id; id -G; id -Gn; groups"] }] });
      await world.server.advance(5000);
      return [await world.logOf(name), (await world.get(name)).status.containerStatuses?.[0]?.user?.linux];
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

  it("evicts a Pod that fills a volume beyond its limit", async () => {
    await world.create("greedy", { containers: [{ name: "c", image: "busybox", command: ["sh", "-c", "sleep 15; dd if=/dev/zero of=/cache/f bs=1M count=3; sleep 1d"], volumeMounts: [{ name: "cache", mountPath: "/cache" }] }], volumes: [{ name: "cache", emptyDir: { sizeLimit: "2Mi" } }] });
    await world.server.advance(14_000);
    expect((await world.get("greedy")).status.phase).toBe("Running");
    await world.server.advance(20_000);
    const why = 'Usage of EmptyDir volume "cache" exceeds the limit "2Mi". ';
    const { status } = await world.get("greedy");
    expect(status).toMatchObject({ phase: "Failed", reason: "Evicted", message: why, containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] });
    expect(status.conditions?.find(({ type }) => type === "DisruptionTarget")).toMatchObject({ status: "True", reason: "TerminationByKubelet", message: why });
    expect(await world.messages("greedy")).toContain(`Warning Evicted ${why}`);
  });

  it("evicts a Pod whose containers write more than their limits", async () => {
    const writer = (name: string, mib: number, limit: string) => ({ name, image: "busybox", command: ["sh", "-c", `dd if=/dev/zero of=/f bs=1M count=${mib}; sleep 1d`], resources: { limits: { "ephemeral-storage": limit } } });
    await world.create("full", { containers: [writer("c", 3, "2Mi")] });
    await world.create("one-full", { containers: [writer("c", 3, "2Mi"), writer("d", 1, "4Mi")] });
    await world.create("all-full", { containers: [writer("c", 3, "2Mi"), writer("d", 5, "4Mi")] });
    await world.create("fits", { containers: [writer("c", 1, "2Mi")] });
    await world.server.advance(30_000);
    const told = async (name: string) => (await world.get(name)).status.message;
    expect([await told("full"), await told("one-full"), await told("all-full"), await told("fits")]).toEqual([
      "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ",
      'Container c exceeded its local ephemeral storage limit "2Mi". ',
      "Pod ephemeral local storage usage exceeds the total limit of containers 6Mi. ",
      undefined,
    ]);
    expect((await world.get("full")).status).toMatchObject({ phase: "Failed", reason: "Evicted" });
  });

  it("lists files as root's, as busybox does", async () => {
    const script = "mkdir -p /a/b; echo hello > /a/file; ln -s file /a/link; chmod 600 /a/file; ls /a; ls -l /a; ls -d /a/b /a/file; ls /none";
    await world.create("list", { restartPolicy: "Never", containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script] }] });
    await world.server.advance(5000);
    expect(await world.logOf("list")).toBe(`b
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

  it("waits for a ConfigMap, and says so", async () => {
    await world.create("mount", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], volumeMounts: [{ name: "v", mountPath: "/v" }] }], volumes: [{ name: "v", configMap: { name: "absent" } }] });
    await world.server.advance(3000);
    expect((await world.messages("mount")).some((text) => text.startsWith('Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "absent" not found'))).toBe(true);
    await world.create("env", { containers: [{ name: "c", image: "busybox", command: ["sleep", "1d"], envFrom: [{ configMapRef: { name: "absent" } }] }] });
    await world.server.advance(3000);
    expect((await world.get("env")).status.containerStatuses?.[0]?.state.waiting).toMatchObject({ reason: "CreateContainerConfigError", message: 'configmap "absent" not found' });
    expect((await world.get("env")).status.containerStatuses?.[0]).toMatchObject({ image: "busybox", imageID: "" });
  });
});
