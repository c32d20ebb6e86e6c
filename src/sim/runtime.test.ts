import { describe, expect, it } from "vitest";
import { exec, lab, run, start, text } from "../../test/runtime-lab.ts";

describe("simulated runtime", () => {
  it("prints statement by statement under the cluster's clock, with the Pod's name as hostname", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sh", "-c", "while true; do echo running-on-$(hostname); sleep 10; done"]);
    const begun = at.clock.now();
    await at.clock.advanceTo(begun + 25_000);
    const entries = at.runtime.log(id)?.entries() ?? [];
    expect(text(at, id)).toBe("running-on-pod-1\n".repeat(3));
    expect(entries.map((entry) => entry.at - (entries[0]?.at ?? 0))).toEqual([0, 10_000, 20_000]);
  });

  it("takes quoted characters in the patterns of case for themselves", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sh", "-c", `for x in abc '*x' 'a?c' '[b'; do case $x in \\**) echo star;; a"?"c) echo mark;; '['*) echo bracket;; *) echo other;; esac; done`]);
    await at.clock.advanceTo(at.clock.now() + 1000);
    expect(text(at, id)).toBe("other\nstar\nmark\nbracket\n");
  });

  it("gives exit codes, and reasons as containerd does", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sh", "-c", "echo bye; exit 3"]);
    await at.clock.advanceTo(at.clock.now() + 1000);
    expect(at.runtime.containerStatus(id)).toMatchObject({ state: "exited", exitCode: 3, reason: "Error" });
    const ok = await run(at, "busybox:1.36", ["echo", "HELLO FROM JOB"]);
    await at.clock.advanceTo(at.clock.now() + 1000);
    expect(at.runtime.containerStatus(ok.id)).toMatchObject({ state: "exited", exitCode: 0, reason: "Completed" });
    expect(text(at, ok.id)).toBe("HELLO FROM JOB\n");
    const bad = await run(at, "busybox:1.36", ["nosuch"]);
    expect(at.runtime.containerStatus(bad.id)).toMatchObject({ state: "exited", exitCode: 128, reason: "StartError" });
    expect(at.runtime.containerStatus(bad.id)?.message).toContain('exec: "nosuch": executable file not found in $PATH');
  });

  it("lets PID 1 ignore TERM, runs traps, and kills after the grace time", async () => {
    const at = lab();
    const deaf = await run(at, "busybox", ["sh", "-c", "trap '' TERM; while true; do sleep 1; done"]);
    const trapped = await run(at, "busybox", ["sh", "-c", "trap 'echo leaving; exit 7' TERM; while true; do sleep 1; done"]);
    const waiting = await run(at, "busybox", ["sh", "-c", "trap 'echo now; exit 0' TERM; sleep infinity & wait $!"]);
    const asked = at.clock.now();
    const stops = [deaf, trapped, waiting].map(({ id }) => at.runtime.stopContainer(id, 30_000));
    await at.clock.advanceTo(asked + 40_000);
    await Promise.all(stops);
    expect(at.runtime.containerStatus(deaf.id)).toMatchObject({ exitCode: 137, finishedAt: asked + 30_000 });
    expect(at.runtime.containerStatus(trapped.id)).toMatchObject({ exitCode: 7 });
    expect(text(at, trapped.id)).toBe("leaving\n");
    expect(at.runtime.containerStatus(waiting.id)).toMatchObject({ exitCode: 0, finishedAt: asked });
  });

  it.each([
    ["busybox", ["sleep", "1d"], 137, 30_000],
    ["busybox", ["sh", "-c", "while true; do sleep 1; done"], 137, 30_000],
    ["nginx", undefined, 0, 0],
    ["redis", undefined, 0, 0],
    ["fluent/fluentd:v1.17", undefined, 0, 0],
    ["prom/node-exporter:v1.9.0", undefined, 2, 0],
    ["registry.k8s.io/pause:3.10.1", undefined, 0, 0],
    ["ghcr.io/acme/operator:v1", undefined, 0, 0],
  ] as const)("at TERM, %s with %j ends as the real one does", async (image, command, exitCode, afterMs) => {
    const at = lab();
    const { id } = await run(at, image, command === undefined ? undefined : [...command]);
    await at.clock.advanceTo(at.clock.now() + 60_000);
    const asked = at.clock.now();
    const stop = at.runtime.stopContainer(id, 30_000);
    await at.clock.advanceTo(asked + 40_000);
    await stop;
    const { exitCode: code, finishedAt } = at.runtime.containerStatus(id) ?? {};
    expect({ code, afterMs: Number(finishedAt) - asked }).toEqual({ code: exitCode, afterMs });
  });

  it("serves and fetches over the simulated network", async () => {
    const at = lab();
    const web = await run(at, "nginx:latest", undefined);
    const client = await run(at, "alpine", ["sleep", "1d"]);
    const page = await exec(at, client.id, "wget", "-qO-", `http://${web.ip}`);
    expect(page.code).toBe(0);
    expect(page.out).toContain("Welcome to nginx!");
    expect(text(at, web.id)).toContain('"GET / HTTP/1.1" 200');
    expect((await exec(at, web.id, "curl", "-s", "localhost")).code).toBe(0);
    expect(text(at, web.id)).toMatch(/^127\.0\.0\.1 - - .*"GET \/ HTTP\/1\.1" 200/m);
    expect(await exec(at, client.id, "sh", "-c", `wget -qO- http://${web.ip}:81 || echo none`)).toMatchObject({ out: expect.stringContaining("none") });
    expect((await exec(at, client.id, "sh", "-c", "exit 3")).code).toBe(3);
    await expect(exec(at, client.id, "nosuch")).rejects.toThrow("executable file not found");
  });

  it("tells of nginx's workers, of files that are not there, and of a reload", async () => {
    const at = lab();
    const web = await run(at, "nginx:latest", undefined);
    const lines = (from: number): string[] => text(at, web.id).trimEnd().split("\n").slice(from).map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, ""));
    const begun = lines(0).length;
    expect(lines(-6)).toEqual(["[notice] 1#1: getrlimit(RLIMIT_NOFILE): 1048576:1048576", "[notice] 1#1: start worker processes", ...[29, 30, 31, 32].map((worker) => `[notice] 1#1: start worker process ${worker}`)]);
    expect((await exec(at, web.id, "curl", "-s", "-H", "X-Forwarded-For: 192.0.2.7", "-A", "me", "localhost/none")).out).toContain("404 Not Found");
    expect(lines(begun)).toEqual([
      '[error] 29#29: *1 open() "/usr/share/nginx/html/none" failed (2: No such file or directory), client: 127.0.0.1, server: localhost, request: "GET /none HTTP/1.1", host: "localhost"',
      expect.stringMatching(/^127\.0\.0\.1 - - \[.*\] "GET \/none HTTP\/1\.1" 404 \d+ "-" "me" "192\.0\.2\.7"$/),
    ]);
    const reloaded = await exec(at, web.id, "nginx", "-s", "reload");
    expect(reloaded).toMatchObject({ code: 0, out: expect.stringMatching(/ \[notice\] (\d+)#\1: signal process started\n$/) });
    expect(lines(begun + 2).slice(0, 5)).toEqual(["[notice] 1#1: signal 1 (SIGHUP) received, reconfiguring", "[notice] 1#1: reconfiguring", '[notice] 1#1: using the "epoll" event method', "[notice] 1#1: start worker processes", "[notice] 1#1: start worker process 33"]);
    expect((await exec(at, web.id, "curl", "-s", "localhost")).out).toContain("Welcome to nginx!");
    expect(await exec(at, web.id, "nginx", "-s", "again")).toEqual({ code: 1, out: 'nginx: invalid option: "-s again"\n' });
    // The container ends, and with it who asked.
    await exec(at, web.id, "nginx", "-s", "quit");
    expect(at.runtime.containerStatus(web.id)).toMatchObject({ state: "exited", exitCode: 0 });
    expect(lines(-1)).toEqual(["[notice] 1#1: exit"]);
  });

  it("shares the machine's files with containers that mount them, read-only where asked", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sh", "-c", "echo marker of $NODE_NAME; ls /var/log; exec sleep 1d"], {
      mounts: [{ containerPath: "/var/log", hostPath: "/var/log", readOnly: false }, { containerPath: "/var/lib/docker/containers", hostPath: "/var/lib/docker/containers", readOnly: true }],
    });
    expect(text(at, id)).toContain("marker of local-worker\ncontainers\ndpkg.log\njournal\npods\nsyslog\n");
    const refused = await exec(at, id, "sh", "-c", "echo x > /var/lib/docker/containers/x");
    expect(refused.code).not.toBe(0);
    expect(refused.out).toBe("sh: can't create /var/lib/docker/containers/x: Read-only file system\n");
    expect((await exec(at, id, "sh", "-c", "mount | grep /var; df -P /var/log/pods | tail -n 1; free -m | grep Mem")).out).toMatch(
      /^\/dev\/vda1 on \/var\/log type ext4 \(rw,relatime\)\n\/dev\/vda1 on \/var\/lib\/docker\/containers type ext4 \(ro,relatime\)\n\/dev\/vda1 +104857600 +20971520 +83886080 +20% \/var\/log\nMem: +8192 +983 +5570 +4 +1638 +7208\n$/,
    );
    const carriesOn = await exec(at, id, "sh", "-c", "echo x > /nowhere/file; echo status $?; cd /tmp; echo here > file; { echo more; echo even more; } >> file; cat /tmp/file; echo gone | tee /no/file >/dev/null; ls /tmp");
    expect(carriesOn.out).toContain("sh: can't create /nowhere/file: nonexistent directory\nstatus 1\nhere\nmore\neven more\n");
    expect(carriesOn.out.endsWith("file\n")).toBe(true);
    expect((await exec(at, id, "sh", "-c", "cat /var/log/containers/*.log")).out).toContain("stdout F marker of local-worker\n");
    expect((await exec(at, id, "sh", "-c", "echo hi > /var/log/mine && cat /var/log/mine")).out).toBe("hi\n");
    expect(new TextDecoder().decode(await at.runtime.host.readFile("/var/log/mine"))).toBe("hi\n");
  });

  it("kills what outgrows its memory", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["tail", "/dev/zero"], { memoryBytesMax: 32 * 1024 * 1024 });
    await at.clock.advanceTo(at.clock.now() + 5000);
    expect(at.runtime.containerStatus(id)).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  });

  it("runs the maintenance script of the tutorials", async () => {
    const at = lab();
    await at.runtime.host.mkdir("/scratch");
    await at.runtime.host.writeFile("/scratch/old", new Uint8Array(1));
    await at.clock.advanceTo(start + 2 * 3_600_000);
    await at.runtime.host.writeFile("/scratch/new", new Uint8Array(1));
    const script = [
      "while true; do",
      '  removed=$(find /scratch -type f -mmin "+60" -print -delete | wc -l)',
      "  set -- $(df -P /scratch | tail -n 1)",
      "  used=${5%\\%}",
      "  health=ok",
      '  [ "$used" -lt 90 ] || health=disk-nearly-full',
      '  echo "node=$NODE_NAME removed=$removed disk_used_percent=$used health=$health"',
      "  sleep 10",
      "done",
    ].join("\n");
    const { id } = await run(at, "busybox:1.36", ["sh", "-c", script], { mounts: [{ containerPath: "/scratch", hostPath: "/scratch", readOnly: false }] });
    await at.clock.advanceTo(at.clock.now() + 5000);
    expect(text(at, id)).toBe("node=local-worker removed=1 disk_used_percent=20 health=ok\n");
    expect(await at.runtime.host.exists("/scratch/old")).toBeUndefined();
    expect(await at.runtime.host.exists("/scratch/new")).toBe("file");
  });

  it("counts in the job demo, two seconds a line", async () => {
    const at = lab();
    const { id } = await run(at, "devopscube/kubernetes-job-demo:latest", ["/script.sh", "3"]);
    await at.clock.advanceTo(at.clock.now() + 10_000);
    expect(text(at, id)).toBe("This Job will echo message 3 times\n1] Hey I will run till the job completes.\n2] Hey I will run till the job completes.\n3] Hey I will run till the job completes.\n");
    const info = at.runtime.containerStatus(id);
    expect((info?.finishedAt ?? 0) - (info?.startedAt ?? 0)).toBe(6000);
  });

  it("lets no loop hold the host", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sh", "-c", "while true; do :; done"]);
    await at.clock.advanceTo(at.clock.now() + 60_000);
    expect(at.runtime.containerStatus(id)?.state).toBe("running");
  });

  it("knows no program of an image that only its name tells of: it stays up and says so, or runs the command that it is given", async () => {
    const at = lab();
    const idle = await run(at, "ghcr.io/acme/operator:v1", undefined);
    const busy = await run(at, "ghcr.io/acme/operator:v1", ["sh", "-c", "echo from the command"]);
    await at.clock.advanceTo(at.clock.now() + 3_600_000);
    expect(text(at, idle.id)).toMatch(/^simulated image ghcr\.io\/acme\/operator: no program is known for it; .*\n$/);
    expect(at.runtime.containerStatus(idle.id)?.finishedAt).toBeUndefined();
    expect(text(at, busy.id)).toBe("from the command\n");
    expect(at.runtime.containerStatus(busy.id)).toMatchObject({ exitCode: 0 });
  });

  it("refuses references that do not exist, in containerd's words", async () => {
    const at = lab();
    const refused = async (image: string): Promise<string> => {
      const pull = at.runtime.pullImage(image).then(() => "pulled", (error: Error) => error.message);
      await at.clock.advanceTo(at.clock.now() + 10_000);
      return pull;
    };
    expect(await refused("nosuchimage")).toBe('rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/nosuchimage:latest": failed to resolve reference "docker.io/library/nosuchimage:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed');
    expect(await refused("nginx:1.161")).toBe('rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1.161": failed to resolve reference "docker.io/library/nginx:1.161": docker.io/library/nginx:1.161: not found');
    expect(await refused("busybox:does-not-exist")).toContain("not found");
    expect(await refused("registry.invalid/x:1")).toContain("no such host");
    expect(await refused("UPPER")).toContain("must be lowercase");
    expect(await refused("ghcr.io/acme/operator:v1")).toBe("pulled");
    expect(await refused("postgres:16-alpine")).toBe("pulled");
    const [zeros, dead, real] = ["0".repeat(64), "deadbeef".repeat(8), "8b06c3da72dc9fa7002b9bc1f73a7421b4287c9cf0d3b08633287473707f9a63"].map((digits) => `sha256:${digits}`);
    const full = `docker.io/library/nginx@${zeros}`;
    expect(await refused(`nginx@${zeros}`)).toBe(`rpc error: code = NotFound desc = failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${full}: not found`);
    for (const image of [`busybox:1.36@${dead}`, `redis@sha256:${"1234567890".repeat(7).slice(0, 64)}`, `registry.k8s.io/kube-proxy@${zeros}`]) expect(await refused(image), image).toContain(": not found");
    for (const image of [`nginx@${real}`, `busybox:1.36@${real}`, `ghcr.io/acme/operator@${zeros}`]) expect(await refused(image), image).toBe("pulled");
    for (const [image, why] of [[`nginx@${real?.slice(0, -1)}`, "invalid checksum digest length"], [`nginx@${real?.toUpperCase().replace("SHA", "sha")}`, "invalid checksum digest format"], [`nginx@md6:${"0".repeat(64)}`, "unsupported digest algorithm"]] as const) expect(await refused(image), image).toContain(`: ${why}`);
  });

  it("follows container logs with fluentd", async () => {
    const at = lab();
    const config = '<source>\n  @type tail\n  tag containers\n  path /var/log/containers/*.log\n  exclude_path ["/var/log/containers/fluentd-*.log"]\n  read_from_head true\n</source>\n<match **>\n  @type stdout\n</match>\n';
    await at.runtime.host.writeFile("/config/fluent.conf", new TextEncoder().encode(config));
    const marker = await run(at, "busybox", ["sh", "-c", "echo first; sleep 5; echo second; sleep 1d"]);
    const collector = await run(at, "fluentd/fluentd:v1.16-debian-1", undefined, { mounts: [{ containerPath: "/fluentd/etc", hostPath: "/config", readOnly: true }, { containerPath: "/var/log", hostPath: "/var/log", readOnly: false }] }, "fluentd-1");
    await at.clock.advanceTo(at.clock.now() + 20_000);
    expect(text(at, marker.id)).toBe("first\nsecond\n");
    expect(text(at, collector.id).match(/F first/g)).toHaveLength(1);
    expect(text(at, collector.id).match(/F second/g)).toHaveLength(1);
  });
});
