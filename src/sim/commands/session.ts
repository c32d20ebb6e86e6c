import type { CommandCall, CommandTable } from "../command.ts";
import { nameOf } from "../files/accounts.ts";
import { kernelSettings } from "../files/kernel.ts";
import { addressesOf } from "../resolver.ts";
import { formatDate } from "./clock.ts";
import { ownerOf } from "./processes.ts";

/** Commands about the terminal and the session, and those of which a simulated container has nothing but a clear answer. */
const decoder = new TextDecoder();

/** What `watch` runs, shown again and again. */
async function watch({ args, out, process, run }: CommandCall): Promise<number> {
  let [seconds, hasHeading] = [2, true];
  let at = 0;
  for (; args[at]?.startsWith("-"); at++) {
    const arg = args[at] as string;
    if (arg.includes("t")) hasHeading = false;
    const given = /^-\w*n([\d.]*)$/.exec(arg);
    if (given) seconds = Number(given[1] || args[++at]);
  }
  const command = args.slice(at).join(" ");
  if (command === "") return 1;
  for (;;) {
    const head = `Every ${seconds.toFixed(1)}s: ${command}`;
    out(`${process.tty ? "\x1b[H\x1b[J" : ""}${hasHeading ? `${head.padEnd(Math.max(head.length + 1, 56))}${formatDate(process.clock.now(), "%Y-%m-%d %H:%M:%S")}\n\n` : ""}`);
    await run(["sh", "-c", command]);
    await process.sleep(seconds * 1000);
  }
}

async function getent(call: CommandCall): Promise<number> {
  const { args, files, out, err, process } = call;
  const [database = "", ...keys] = args.filter((arg) => !arg.startsWith("-"));
  const linesOf = (path: string): string[] => (files.exists(path) ? decoder.decode(files.readFile(path)).split("\n").filter((line) => line !== "" && !line.startsWith("#")) : []);
  if (database === "passwd" || database === "group") {
    const found = linesOf(`/etc/${database}`).filter((line) => keys.length === 0 || keys.includes(line.split(":")[0] as string) || keys.includes(line.split(":")[2] as string));
    out(found.map((line) => `${line}\n`).join(""));
    return found.length > 0 ? 0 : 2;
  }
  if (database === "hosts" || database === "ahosts" || database === "ahostsv4") {
    let status = 0;
    for (const name of keys) {
      const addresses = await addressesOf(process, name);
      if (addresses.length === 0) status = 2;
      else if (database === "hosts") out(`${(addresses[0] as string).padEnd(15)} ${name}\n`);
      else for (const address of addresses) for (const kind of ["STREAM", "DGRAM ", "RAW   "]) out(`${address.padEnd(15)} ${kind}${kind === "STREAM" ? ` ${name}` : ""}\n`);
    }
    return status;
  }
  err(database === "" ? "Usage: getent [OPTION...] database [key ...]\n" : `Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`);
  return 1;
}

async function sysctl({ args, out, err, process }: CommandCall): Promise<number> {
  const isBare = args.some((arg) => /^-\w*n/.test(arg));
  const value = (name: string): string | undefined => (name === "kernel.hostname" ? process.world.hostname : kernelSettings[name]);
  const names = args.some((arg) => /^-\w*a/.test(arg)) ? Object.keys(kernelSettings) : args.filter((arg) => !arg.startsWith("-"));
  let status = 0;
  for (const word of names) {
    const [name = "", given] = word.replaceAll("/", ".").split("=");
    const now = value(name);
    if (given !== undefined) err(process.world.privileged ? "" : `sysctl: error setting key '${name}': Read-only file system\n`);
    if (now === undefined) err(`sysctl: error: '${name}' is an unknown key\n`);
    else if (given !== undefined && !process.world.privileged) status = 1;
    else out(isBare ? `${given ?? now}\n` : `${name} = ${given ?? now}\n`);
    if (now === undefined) status = 1;
  }
  return status;
}

/** Says what a full-screen program would be needed for, and how else to get there. */
const fullScreen = (name: string): CommandTable => ({
  async [name]({ err }) {
    err(`${name}: full-screen editors are not simulated; write files with \`cat > FILE\`, \`echo\` or \`sed -i\`\n`);
    return 1;
  },
});

export const sessionCommands: CommandTable = {
  watch,
  getent,
  sysctl,
  ...fullScreen("vi"),
  async tty({ process, out }) {
    out(process.tty ? "/dev/pts/0\n" : "not a tty\n");
    return process.tty ? 0 : 1;
  },
  async stty({ args, process, out, err }) {
    if (!process.tty) {
      err("stty: standard input: Not a tty\n");
      return 1;
    }
    if (args[0] === "size") out("24 80\n");
    else if (args.length === 0 || args[0] === "-a") out("speed 38400 baud; line = 0;\n-brkint -imaxbel\n");
    return 0;
  },
  async sync() {
    return 0;
  },
  async usleep({ args, process }) {
    await process.sleep(Number(args[0] ?? 0) / 1000);
    return 0;
  },
  async logger() {
    // Nobody listens at /dev/log in a container.
    return 0;
  },
  async dmesg({ err, process }) {
    if (process.world.privileged) return 0;
    err("dmesg: klogctl: Operation not permitted\n");
    return 1;
  },
  async who() {
    return 0;
  },
  async logname({ out, process }) {
    out(`${ownerOf(process)}\n`);
    return 0;
  },
  async groups({ out, process }) {
    const { files, groups } = process.world;
    out(`${groups.map((group) => nameOf(files, "group", group) ?? String(group)).join(" ")}\n`);
    return 0;
  },
  async factor({ args, out, err }) {
    for (const word of args) {
      let rest = Number(word);
      if (!Number.isSafeInteger(rest) || rest < 1 || rest > 1e12) {
        err(`factor: invalid number '${word}'\n`);
        return 1;
      }
      const factors: number[] = [];
      for (let by = 2; by * by <= rest; by++) for (; rest % by === 0; rest /= by) factors.push(by);
      if (rest > 1) factors.push(rest);
      out(`${word}: ${factors.join(" ")}\n`);
    }
    return 0;
  },
  async lsof({ process, out }) {
    for (const { pid, argv } of process.world.processes.values()) for (const fd of [0, 1, 2]) out(`${pid}\t${argv[0]}\t/dev/${fd === 0 ? "null" : "pts/0"}\n`);
    return 0;
  },
  async mkfifo({ args, err }) {
    err(`mkfifo: ${args.at(-1) ?? ""}: pipes with a name are not simulated\n`);
    return 1;
  },
};
