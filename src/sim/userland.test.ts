import { describe, expect, it } from "vitest";
import { exec, lab, run } from "../../test/runtime-lab.ts";
import type { Lab } from "../../test/runtime-lab.ts";

/** As `exec`, while the cluster's time goes on. */
async function inTime(at: Lab, id: string, script: string): Promise<{ code: number; out: string }> {
  let isOver = false;
  const done = exec(at, id, "sh", "-c", script).finally(() => (isOver = true));
  await at.clock.advanceTo(at.clock.now() + 60_000, () => isOver);
  return done;
}

/** What somebody finds who looks around in a container, and what its image brings. */
describe("a container's own /proc and /sys", () => {
  it("tells its limits and what it uses", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sleep", "1d"], { memoryBytesMax: 64 * 1024 * 1024, cpuMillisMax: 500, cpuMillisWanted: 250 });
    const { out } = await exec(at, id, "sh", "-c", "cd /sys/fs/cgroup; cat memory.max cpu.max cpu.weight pids.max; cat memory.current; cat /proc/self/cgroup; cat /proc/self/cmdline; readlink /proc/1/exe; grep ^PPid /proc/self/status");
    expect(out.split("\n")).toEqual(["67108864", "50000 100000", "35", "max", expect.stringMatching(/^\d+$/) as string, "0::/", "cat\0/proc/self/cmdline\0/bin/sleep", expect.stringMatching(/^PPid:\t\d+$/) as string, ""]);
    const free = await run(at, "busybox", ["sleep", "1d"], {}, "free");
    expect((await exec(at, free.id, "sh", "-c", "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max")).out).toBe("max\nmax 100000\n");
  });

  it("lists and ends processes by name", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sh", "-c", "sleep 1000 & sleep 2000 & wait"]);
    expect((await exec(at, id, "ps", "-o", "pid,ppid,comm,args")).out).toMatch(/^PID {3}PPID {2}COMMAND {10}COMMAND\n {4}1 {5}0 sh {14} sh -c .*\n {4}\d {5}1 sleep {11} sleep 1000\n/);
    expect((await exec(at, id, "sh", "-c", "pgrep -a sleep; pidof sleep | wc -w; pkill -o sleep; pgrep -a sleep; killall none")).out).toMatch(/^\d sleep 1000\n\d sleep 2000\n2\n\d sleep 2000\nkillall: none: no process killed\n$/);
    expect((await exec(at, id, "top", "-b", "-n1")).out).toMatch(/^Mem: \d+K used, .*\nCPU: .*\nLoad average: .*\n {2}PID {2}PPID USER {5}STAT {3}VSZ %VSZ CPU %CPU COMMAND\n {4}1 {5}0 root {5}S /);
  });
});

describe("an image", () => {
  it("says what it is, and lacks what it lacks", async () => {
    const at = lab();
    const [busybox, alpine, debian, nginx] = [await run(at, "busybox", ["sleep", "1d"]), await run(at, "alpine", ["sleep", "1d"], {}, "a"), await run(at, "debian", ["sleep", "1d"], {}, "d"), await run(at, "nginx", undefined, {}, "n")];
    const first = async (id: string) => (await exec(at, id, "sh", "-c", "head -n 1 /etc/os-release")).out;
    expect([await first(alpine.id), await first(debian.id), await first(nginx.id)]).toEqual(['NAME="Alpine Linux"\n', 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n', 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n']);
    expect(await exec(at, busybox.id, "sh", "-c", "cat /etc/os-release; which curl wget; curl x")).toEqual({ code: 127, out: "cat: can't open '/etc/os-release': No such file or directory\n/bin/wget\nsh: curl: not found\n" });
    await expect(exec(at, alpine.id, "bash")).rejects.toThrow('exec: "bash": executable file not found in $PATH');
    for (const name of ["ps", "ping", "wget", "vi"]) await expect(exec(at, nginx.id, name)).rejects.toThrow(`exec: "${name}": executable file not found in $PATH`);
    expect((await exec(at, nginx.id, "curl", "-s", "localhost")).code).toBe(0);
    expect((await exec(at, debian.id, "bash", "-c", "echo $0")).out).toBe("bash\n");
    const looked = await inTime(at, nginx.id, "apt-get update >/dev/null; apt-get install -y net-tools iproute2 >/dev/null; netstat -tlnp | tail -n 1; ss -tlnp | tail -n 1");
    expect(looked.out).toBe('tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      1/nginx\nLISTEN 0      511            0.0.0.0:80         0.0.0.0:* users:(("nginx",pid=1,fd=6))\n');
  });

  it("takes packages that bring what it lacks", async () => {
    const at = lab();
    const alpine = await run(at, "alpine", ["sleep", "1d"]);
    const { code, out } = await inTime(at, alpine.id, "apk add --no-cache jq && echo '{\"a\":1}' | jq -c .; apk add none");
    expect(code).toBe(1);
    expect(out).toMatch(/^fetch https:\/\/mirror\.invalid\/alpine\/v3\.22\/main\/.*\nfetch .*\n\(1\/2\) Installing oniguruma \(.*\)\n\(2\/2\) Installing jq \(.*\)\nExecuting busybox.*\nOK: \d+ MiB in 18 packages\n\{"a":1\}\nfetch .*\nfetch .*\nERROR: unable to select packages:\n {2}none \(no such package\):\n {4}required by: world\[none\]\n/);
    const debian = await run(at, "debian", ["sleep", "1d"], {}, "d");
    const apt = (script: string) => inTime(at, debian.id, script);
    expect(await apt("apt-get install -y procps > /dev/null")).toEqual({ code: 100, out: "E: Unable to locate package procps\n" });
    expect((await apt("apt-get update")).out).toMatch(/^Get:1 http:\/\/archive\.invalid\/debian trixie InRelease .*\nGet:2 [^]*\nReading package lists\.\.\. Done\n$/);
    expect((await apt("apt-get update > /dev/null && apt-get install procps < /dev/null")).out).toMatch(/Do you want to continue\? \[Y\/n\] Abort\.\n$/);
    expect((await apt("apt-get install -y procps > /dev/null && ps aux | head -n 2; pgrep -x sleep")).out).toMatch(/^USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\nroot           1  0\.0 .* sleep 1d\n1\n$/);
  });
});

describe("tools for bytes and files", () => {
  it.each([
    ["printf 'ab\\n' | hexdump -C", "00000000  61 62 0a                                          |ab.|\n00000003\n"],
    ["printf 'ab\\n' | xxd; printf ab | xxd -p; echo 6162 | xxd -r -p", "00000000: 6162 0a                                  ab.\n6162\nab"],
    ["echo a > f; echo b > g; cmp f g; echo $?; truncate -s 1 f; cat f; echo; realpath ./f", "f g differ: char 1, line 1\n1\na\n/f\n"],
    ["t=$(mktemp) && test -f $t && echo ${#t}; d=$(mktemp -d /tmp/x.XXXXXX) && stat -c '%a %F %n' $d | cut -c1-21", "15\n700 directory /tmp/x.\n"],
    ["echo hi > s; chmod 640 s; stat -c '%a %A %s %U %F' s", "640 -rw-r----- 3 root regular file\n"],
    ["printf 'a\\nb\\n' > p; printf 'a\\nc\\n' > q; diff p q; echo $?", "--- p\n+++ q\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n1\n"],
    ["tty; stty; factor 12; vi f; echo $?", "not a tty\nstty: standard input: Not a tty\n12: 2 2 3\nvi: full-screen editors are not simulated; write files with `cat > FILE`, `echo` or `sed -i`\n1\n"],
  ])("%s", async (script, out) => {
    const at = lab();
    const { id } = await run(at, "busybox:1.37", ["sleep", "1d"]);
    expect((await exec(at, id, "sh", "-c", script)).out).toBe(out);
  });
});

describe("tools of a Debian image", () => {
  it("speak and set their tables as GNU's do", async () => {
    const at = lab();
    const { id } = await run(at, "debian", ["sleep", "1d"]);
    const said = async (script: string) => (await exec(at, id, "sh", "-c", script)).out;
    expect(await said("cat /x; ls /x; rm /x; mkdir /etc; cp /x /y; touch /no/x; tail /x; rmdir /etc")).toBe(
      "cat: /x: No such file or directory\nls: cannot access '/x': No such file or directory\nrm: cannot remove '/x': No such file or directory\nmkdir: cannot create directory \u2018/etc\u2019: File exists\ncp: cannot stat '/x': No such file or directory\ntouch: cannot touch '/no/x': No such file or directory\ntail: cannot open '/x' for reading: No such file or directory\nrmdir: failed to remove '/etc': Directory not empty\n",
    );
    expect(await said("mkdir /d; echo hi > /d/f; ls -l /d")).toMatch(/^total 4\n-rw-r--r-- 1 root root 3 Jan {2}1 00:00 f\n$/);
    expect(await said("df -h / /etc/hosts")).toBe("Filesystem      Size  Used Avail Use% Mounted on\noverlay         100G   20G   80G  20% /\n/dev/vda1       100G   20G   80G  20% /etc/hosts\n");
  });

  it("list in columns for a person at a terminal, and only there", async () => {
    const at = lab();
    const { id } = await run(at, "busybox", ["sleep", "1d"]);
    let out = "";
    const shown = async (script: string): Promise<string> => {
      out = "";
      await at.runtime.exec(id, { argv: ["sh", "-c", script], tty: true, onOutput: (_stream, bytes) => void (out += new TextDecoder().decode(bytes)) });
      return out;
    };
    expect(await shown("mkdir /l; cd /l; touch one two three four five; ls; ls | tail -n 1; x=$(ls); echo \"$x\" | wc -l; ls > /all; wc -l < /all; ls -1 | head -n 1")).toBe("five   four   one    three  two\r\ntwo\r\n5\r\n5\r\nfive\r\n");
  });
});
