import { describe, expect, it } from "vitest";
import { exec, lab, run, text } from "../../../test/runtime-lab.ts";
import type { Lab } from "../../../test/runtime-lab.ts";

/** A container to run commands in; `sh` gives what a script prints, and its status where that is not 0. */
async function box(seed?: number): Promise<{ at: Lab; id: string; sh: (script: string) => Promise<string> }> {
  const at = lab(seed);
  const { id } = await run(at, "busybox", ["sleep", "1d"]);
  return {
    at, id,
    sh: async (script) => {
      let result: { code: number; out: string } | undefined;
      void exec(at, id, "sh", "-c", script).then((done) => (result = done));
      await at.clock.advanceTo(at.clock.now() + 60_000, () => result !== undefined);
      return result ? result.out + (result.code === 0 ? "" : `[${result.code}]`) : "still runs";
    },
  };
}

/** A command with standard input that stays open: what is written to it arrives at once. */
function session(at: Lab, id: string, argv: readonly string[], tty = false) {
  const chunks: Uint8Array[] = [];
  let [wake, ended, out]: [(() => void) | undefined, boolean, string] = [undefined, false, ""];
  const stdin = (async function* () {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk) yield chunk;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  })();
  let code: number | undefined;
  void at.runtime.exec(id, { argv, tty, stdin, onOutput: (_stream, bytes) => void (out += new TextDecoder().decode(bytes)) }).then((status) => (code = status));
  const settle = (): Promise<void> => at.clock.advanceTo(at.clock.now() + 5).then(() => undefined);
  return {
    code: () => code,
    /** What came back since the last time. */
    async send(line: string): Promise<string> {
      out = "";
      chunks.push(new TextEncoder().encode(line));
      wake?.();
      await settle();
      return out;
    },
    async end(): Promise<string> {
      ended = true;
      wake?.();
      await settle();
      return out;
    },
  };
}

describe("the shell of simulated containers", () => {
  it("rests in a loop that never sleeps, also on a clock that moves while it computes, and begins anew after a sleep", async () => {
    const at = lab();
    let reads = 0;
    const now = at.clock.now.bind(at.clock);
    // A millisecond for 40 readings, for a while: as the machine's clock does, which no script may stop.
    Object.assign(at.clock, { now: () => now() + Math.min(Math.floor(++reads / 40), 1000) });
    const { id } = await run(at, "busybox", ["sh", "-c", "while true; do :; done"]);
    await at.clock.advanceTo(now() + 60_000);
    expect(reads).toBeLessThan(20_000);
    expect(at.runtime.containerStats(id)?.cpuNanoCores).toBeGreaterThan(0.9e9);
    const { id: napping } = await run(at, "busybox", ["sh", "-c", "while true; do sleep 0.01; done"], {}, "pod-2");
    await at.clock.advanceTo(now() + 30_000);
    expect(at.runtime.containerStats(napping)?.cpuNanoCores).toBeLessThan(0.5e9);
  });

  it("runs the stages of a pipeline at once, and ends who writes to nobody", async () => {
    const { sh } = await box();
    expect(await sh("yes | head -3")).toBe("y\ny\ny\n");
    expect(await sh("i=0; while true; do i=$((i+1)); echo line $i; sleep 1; done | head -2")).toBe("line 1\nline 2\n");
    expect(await sh("echo first > /tmp/f; tail -f /tmp/f | head -1")).toBe("first\n");
    expect(await sh("(sleep 1; echo slow) | cat; echo quick | { read x; echo got $x; }; seq 5 | tail -n 2 | sort -r")).toBe("slow\ngot quick\n5\n4\n");
    expect(await sh("set -o pipefail; false | true; echo $?; ! true; echo $?")).toBe("1\n1\n");
    expect(await sh("while :; do echo x; done | while read a; do echo $a; break; done")).toBe("x\n");
  });

  it("draws chance from the cluster's seed alone", async () => {
    const script = "echo $RANDOM; seq 20 | shuf | tr '\\n' ' '; echo; awk 'BEGIN { print rand(), int(rand() * 100) }'; shuf -i 1-1000 -n 2";
    const [first, again, other] = [await (await box(1)).sh(script), await (await box(1)).sh(script), await (await box(2)).sh(script)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(first).toMatch(/^\d+\n(\d+ ){20}\n0\.\d+ \d+\n\d+\n\d+\n$/);
  });

  it("gives a command its input as it comes", async () => {
    const { at, id } = await box();
    const cat = session(at, id, ["cat"]);
    expect(await cat.send("one\n")).toBe("one\n");
    expect(await cat.send("two\n")).toBe("two\n");
    await cat.end();
    expect(cat.code()).toBe(0);
    const read = session(at, id, ["sh", "-c", "echo ready; read x; echo \"<$x>\"; cat"]);
    expect(await read.send("a b\nrest\n")).toBe("ready\n<a b>\nrest\n");
    await read.end();
    expect(read.code()).toBe(0);
  });

  it("takes a script from its input line by line, and ends with its status", async () => {
    const { at, id } = await box();
    const shell = session(at, id, ["sh"]);
    expect(await shell.send("x=4; echo $x\n")).toBe("4\n");
    expect(await shell.send("for i in 1 2; do\n")).toBe("");
    expect(await shell.send("echo $i$x\ndone\n")).toBe("14\n24\n");
    expect(await shell.send("nosuch\n")).toBe("sh: nosuch: not found\n");
    expect(await shell.send("exit 3\n")).toBe("");
    expect(shell.code()).toBe(3);
  });

  it("talks to a person at a terminal: prompt, echo, Ctrl-C, Ctrl-D", async () => {
    const { at, id } = await box();
    const shell = session(at, id, ["sh"], true);
    // A person types once there is a prompt; what comes before it is echoed before it.
    expect(await shell.send("")).toBe("/ # ");
    expect(await shell.send("echo a$((1+1))\r")).toBe("echo a2".replace("a2", "a$((1+1))") + "\r\na2\r\n/ # ");
    expect(await shell.send("cd /tmp\r")).toBe("cd /tmp\r\n/tmp # ");
    expect(await shell.send("sleep 100\r")).toBe("sleep 100\r\n");
    expect(await shell.send("\x03")).toBe("^C\r\n/tmp # ");
    expect(await shell.send("echo $?\r")).toBe("echo $?\r\n130\r\n/tmp # ");
    expect(await shell.send("if true\r")).toBe("if true\r\n> ");
    expect(await shell.send("then echo yes; fi\r")).toBe("then echo yes; fi\r\nyes\r\n/tmp # ");
    expect(await shell.send("cat\r")).toBe("cat\r\n");
    expect(await shell.send("hi\x7fey\r")).toBe("hi\b \bey\r\nhey\r\n");
    expect(await shell.send("\x04")).toBe("/tmp # ");
    await shell.send("exit 3\r");
    expect(shell.code()).toBe(3);
  });

  it("edits the line, remembers lines and completes words", async () => {
    const { at, id } = await box();
    const shell = session(at, id, ["sh"], true);
    await shell.send("");
    expect(await shell.send("echo two\x1b[D\x1b[D\x1b[Dx\x01\x1b[C\x05!\x7f\r")).toMatch(/\r\nxtwo\r\n\/ # $/);
    expect(await shell.send("false\r")).toBe("false\r\n/ # ");
    expect(await shell.send("\x1b[A")).toBe("false");
    expect(await shell.send("\x1b[A")).toBe("\b\b\b\b\b     \b\b\b\b\becho xtwo");
    expect(await shell.send("\x17\x7f\x7f\x1b[B\r")).toMatch(/false\r\n\/ # $/);
    expect(await shell.send("cat /etc/pas\t")).toBe("cat /etc/passwd ");
    expect(await shell.send("\x15ls /e\t\r")).toMatch(/ls \/etc\/\r\n.*passwd/s);
    expect(await shell.send("slee\t0\r")).toBe("sleep 0\r\n/ # ");
    expect(await shell.send("history | tail -n 2\r")).toMatch(/ {4}\d {2}sleep 0\r\n {4}\d {2}history \| tail -n 2\r\n/);
    expect(await shell.send("cd; cd /root/..\x01\x0b\r")).toMatch(/\r\n\/ # $/);
    expect(await shell.send("cd\r")).toBe("cd\r\n~ # ");
    expect(await shell.send("top\r")).toContain("Load average");
    expect(await shell.send("xq")).toBe("~ # ");
    expect(await shell.send("cat\r")).toBe("cat\r\n");
    expect(await shell.send("a\x1b[Ab\x17c\r")).toMatch(/^a\^\[\[Ab.*c\r\nc\r\n$/s);
  });

  it("speaks as the shell that the image has", async () => {
    const at = lab();
    const { id } = await run(at, "nginx", undefined);
    const said = async (...argv: string[]) => (await exec(at, id, ...argv)).out;
    expect(await said("sh", "-c", "nosuch; cat < /none")).toBe("sh: 1: nosuch: not found\nsh: 1: cannot open /none: No such file\n");
    expect(await said("bash", "-c", "nosuch; cd /none")).toBe("bash: line 1: nosuch: command not found\nbash: line 1: cd: /none: No such file or directory\n");
    const shell = session(at, id, ["bash"], true);
    expect(await shell.send("")).toBe("root@pod-1:/# ");
    expect(await shell.send("sleep 0.001 &\r")).toMatch(/^sleep 0\.001 &\r\n\[1\] \d+\r\nroot@pod-1:\/# $/);
    expect(await shell.send("\r")).toBe("\r\n[1]+  Done                       sleep 0.001\r\nroot@pod-1:/# ");
    expect(await shell.send("sleep 9 & sleep 8 &\r")).toContain("[2] ");
    expect(await shell.send("jobs; kill %1; wait %1; echo $?\r")).toMatch(/\n\[1\] {3}Running {20}sleep 9\r\n\[2\]\+ {2}Running {20}sleep 8\r\n143\r\n/);
    expect(await shell.send("vi x\r")).toBe("vi x\r\nbash: vi: command not found\r\nroot@pod-1:/# ");
    expect(await shell.send("\x04")).toBe("exit\r\n");
    expect(shell.code()).toBe(127);
  });

  it("gives a command variables of its own with env, and before its name", async () => {
    const { sh } = await box();
    expect(await sh("env A=4 sh -c 'echo $A'; B=5 sh -c 'echo $B'; echo [$A$B]; env -i C=1 env; env nosuch")).toBe("4\n5\n[]\nC=1\nenv: can't execute 'nosuch': No such file or directory\n[127]");
  });

  it("packs and unpacks with tar through pipes", async () => {
    const { sh } = await box();
    expect(await sh("mkdir -p /a/b; echo hi > /a/b/file; ln -s b/file /a/link; tar cf - a | tar xmf - -C /tmp; cat /tmp/a/link; tar cf /x.tar -C /a b; tar tf /x.tar; tar cf - /a 2>/dev/null | tail -c+1 | wc -c")).toBe("hi\nb/\nb/file\n3584\n");
  });

  it("expands, tests and loops as ash does", async () => {
    const { sh } = await box();
    for (const [script, prints] of expansions) expect(await sh(script), script).toBe(prints);
  });

  it("says what is wrong with a script", async () => {
    const { sh } = await box();
    expect(await sh("if true; done")).toBe('sh: syntax error: unexpected "done" (expecting "then")\n[2]');
    expect(await sh("echo 'a")).toBe("sh: syntax error: unterminated quoted string\n[2]");
    expect(await sh("set -u; echo $nope; echo never")).toBe("sh: nope: parameter not set\n[2]");
    expect(await sh("cat < /none; echo $?; echo x > /no/file; echo $?; cd /none; /etc/passwd; echo $?")).toBe("sh: can't open /none: no such file\n1\nsh: can't create /no/file: nonexistent directory\n1\nsh: cd: can't cd to /none: No such file or directory\nsh: /etc/passwd: Permission denied\n126\n");
    expect(await sh("set -e; false || true; if false; then :; fi; false; echo never")).toBe("[1]");
  });

  it("changes the tree of files in busybox's words", async () => {
    const { sh } = await box();
    expect(await sh("mkdir -p /a/b && touch /a/b/f && cp -r /a /c && mv /c/b /c/d && ls /c/d; rm /a; rmdir /a; mkdir /a; cp /none /x; mv /none /x; rm -rf /a; ls /a; chmod u+x,go-r /c/d/f; ls -l /c/d | tail -1 | cut -c1-10; ln -s /c/d/f /l; readlink /l")).toBe(
      "f\nrm: can't remove '/a': Is a directory\nrmdir:  '/a': Directory not empty\nmkdir: can't create directory '/a': File exists\ncp: can't stat '/none': No such file or directory\nmv: can't rename '/none': No such file or directory\nls: /a: No such file or directory\n-rwx--x--x\n/c/d/f\n".replace("rmdir:  ", "rmdir: ").replace("-rwx--x--x", "-rwx------"),
    );
  });

  it("copies from devices that never end as much as is asked for", async () => {
    const { sh } = await box();
    expect(await sh("dd if=/dev/zero of=/f bs=1M count=2 2>&1 | head -2; ls -l /f | tr -s ' ' | cut -d' ' -f5; head -c 5000 /dev/urandom | wc -c; head -c 3 /dev/zero | od -c | head -1")).toBe("2+0 records in\n2+0 records out\n2097152\n5000\n0000000   \\0  \\0  \\0\n");
  });

  it("shows processes under /proc, and what it does where asked", async () => {
    const { sh } = await box();
    expect(await sh("tr '\\0' ' ' < /proc/1/cmdline; cat /proc/1/comm; grep ^Pid /proc/1/status; ls -d /proc/1 /proc/meminfo; set -x; a=1; echo $a")).toBe("sleep 1d sleep\nPid:\t1\n/proc/1\n/proc/meminfo\n+ a=1\n+ echo 1\n1\n");
  });

  it("writes to the container's log from an exec", async () => {
    const { at, id, sh } = await box();
    await sh("echo into the log > /proc/1/fd/1");
    expect(text(at, id)).toBe("into the log\n");
  });
});

describe("scripts that multiply", () => {
  it.each([
    ["each process starts two", "echo 'sh /b & sh /b &' > /b; sh /b; sleep 5; echo here"],
    ["each starts its successor and ends", "echo 'sh /b &' > /b; sh /b; sleep 5; echo here"],
    ["a function that pipes into itself", "b() { b | b & }; b; sleep 5; echo here"],
  ])("leave room for others: %s", async (_name, script) => {
    const { sh } = await box();
    expect(await sh(script)).toBe("here\n");
    expect(await sh("echo still; :")).toBe("still\n");
  });
});

describe("scripts that gather without end", () => {
  it.each([
    ["words of braces", "echo {1..100000000} | wc -c; echo here", "sh: brace expansion: failed to allocate memory for 100000000 elements\n0\nhere\n"],
    ["words of braces beside braces", "echo {1..50000}{1..50000}; echo $?", "sh: brace expansion: failed to allocate memory for 2500000000 elements\n1\n"],
    ["lines of what has none", "head -n 1 /dev/zero; echo $?; head -n -5 /dev/urandom; echo $?", "137\n137\n"],
    ["a copy of a device", "timeout 1 dd if=/dev/zero bs=1M >/dev/null; echo $?; dd bs=0; dd bs=-1; dd count=1e99", "143\ndd: invalid number '0'\ndd: invalid number '-1'\ndd: invalid number '1e99'\n[1]"],
    ["the output of a command", "x=$(dd if=/dev/zero bs=1M count=17 2>/dev/null); echo here", "[137]"],
  ])("are stopped: %s", async (_name, script, printed) => {
    const { sh } = await box();
    expect(await sh(script)).toBe(printed);
  });
});

const expansions: readonly (readonly [script: string, prints: string])[] = [
  ['x="a  b"; echo $x "$x" ${#x} ${x%b} ${y:-none} ${y:=set} $y', "a b a  b 4 a none set set\n"],
  ["set -- 'a b' c; for i in \"$@\"; do echo \"<$i>\"; done; echo $# $*; shift; echo $1", "<a b>\n<c>\n2 a b c\nc\n"],
  ["p=/etc/app/conf.d/x.conf; echo ${p##*/} ${p%/*} ${p#/etc/} ${p/app/web} ${p:0:4}", "x.conf /etc/app/conf.d app/conf.d/x.conf /etc/web/conf.d/x.conf /etc\n"],
  ["mkdir /g; cd /g; touch a.txt b.txt c.md; echo *.txt '*.txt' *.none [ac]*; for f in *; do echo ${f%.*}; done", "a.txt b.txt *.txt *.none a.txt c.md\na\nb\nc\n"],
  ["i=5; while [ $i -gt 0 ]; do i=$((i-1)); [ $i = 3 ] && continue; [ $i = 1 ] && break; echo $i; done", "4\n2\n"],
  ["f() { local x=in; echo $x $1; return 4; }; x=out; f arg; echo $? $x", "in arg\n4 out\n"],
  ["cat <<EOF\nhome is $HOME\n  $(echo deep)\nEOF\ncat <<'EOF'\n$HOME\nEOF\ncat <<-EOF\n\ttabbed\n\tEOF", "home is /root\n  deep\n$HOME\ntabbed\n"],
  ["case abc in a?c) echo one;; *) echo two;; esac; case '*' in '*') echo star;; esac; case x in y|x) echo either;; esac", "one\nstar\neither\n"],
  ["printf '%s-%d|' a 1 b 2; printf '%05.1f %x %%\\n' 3.14159 255; printf '%-5s|%5s|\\n' ab cd", "a-1|b-2|003.1 ff %\nab   |   cd|\n"],
  ["echo 'k: v w' | while read -r a b; do echo \"$b|$a\"; done; IFS=: read x y <<EOF\n1:2:3\nEOF\necho $x $y", "v w|k:\n1 2:3\n"],
  ["sleep 5 & p=$!; kill $p; wait $p; echo $?; (exit 7) & wait $!; echo $?", "143\n7\n"],
  ["trap 'echo bye' EXIT; echo hi; (echo sub); exit 2", "hi\nsub\nbye\n[2]"],
  ["echo out; echo err >&2; { echo a; echo b >&2; } 2>/dev/null; x=$(echo c; echo d >&2) 2>/dev/null; echo $x", "out\nerr\na\nd\nc\n"],
  ["if [ -d /tmp ] && ! [ -e /nope ]; then echo ok; fi; [ 2 -lt 10 -a a != b ] && echo and; test -z '' && echo empty", "ok\nand\nempty\n"],
  ["[[ abc == a* && 5 -gt 3 ]] && echo yes; [[ v1.36 =~ ^v([0-9]+) ]] && echo ${BASH_REMATCH[1]}; a=(x y z); echo ${a[1]} ${#a[@]} ${a[@]}", "yes\n1\ny 3 x y z\n"],
  ["echo {a,b}{1..3} $((2**3 + 7 % 4)) $(( 1 > 0 ? 10 : 20 )); x=3; (( x += 2 )); echo $x $((x++)) $x", "a1 a2 a3 b1 b2 b3 11 10\n5 5 6\n"],
  ["echo \"a $(echo \"b $(echo c)\")\" `echo d`; echo 'it'\\''s' \"q\\\"q\" a\\ b", "a b c d\nit's q\"q a b\n"],
  ["echo one two three | awk '{print $2}' | sed s/two/2/ | tr 2 3; echo -e 'b\\na' | sort | xargs echo", "3\na b\n"],
  ["echo $0 $$ | grep -c sh; seq 3 | xargs -I{} echo n{}; find /etc -name passwd -exec echo found {} \\;", "1\nn1\nn2\nn3\nfound /etc/passwd\n"],
  ["while getopts ab:c o; do echo $o$OPTARG; done", ""],
  ["f() { while getopts ab: o \"$@\"; do echo $o$OPTARG; done; shift $((OPTIND-1)); echo rest $1; }; f -a -b 5 x", "a\nb5\nrest x\n"],
  ["echo 'Hello  World' | tr 'a-z' 'A-Z' | tr -s ' ' | tr -d L; echo a:b | tr : '\\n'; echo ab12 | tr -cd '[:digit:]'; echo; seq 4 | paste -sd+; seq 4 | paste - - -d,", "HEO WORD\na\nb\n12\n1+2+3+4\n1,2\n3,4\n"],
  ["echo a=12k b=3k | grep -o '[a-z]=[0-9]*k'; echo size | grep -on size; printf 'ab\\nba\\n' | grep -o b", "a=12k\nb=3k\n1:size\nb\nb\n"],
  ["env log-level=debug sh -c 'env | grep log; echo ${log-level}'", "log-level=debug\nlevel\n"],
  ["timeout 2 sleep 10; echo $?; timeout 5 echo in time", "143\nin time\n"],
  ["eval 'v=7; echo $v'; command -v ls; type cd; command -v nosuch; echo $?; unset v; echo [$v]", "7\n/bin/ls\ncd is a shell builtin\n127\n[]\n"],
];
