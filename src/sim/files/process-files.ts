import type { Process } from "../process.ts";
import { residentBytes } from "../memory-held.ts";
import type { FolderInode, Inode } from "./inode.ts";
import { folderInode, generatedFile, linkInode, liveFolder } from "./inode.ts";

/** What /proc shows of processes: a folder for each that lives, over what the image has there. `self` is the one that was started last: who reads. */
export function processFolder(base: FolderInode | undefined, processes: () => Iterable<Process>): FolderInode {
  const live = (): ReadonlyMap<string, Inode> => {
    const entries = new Map<string, Inode>();
    let last: Process | undefined;
    for (const process of processes()) {
      entries.set(String(process.pid), filesOf(process));
      last = process;
    }
    if (last) for (const name of ["self", "thread-self"]) entries.set(name, linkInode(String(last.pid)));
    return entries;
  };
  // Nothing is ever made there, so all containers share the image's entries.
  return { kind: "folder", own: base?.own ?? new Map(), base: undefined, live, hidden: undefined, mode: 0o555, mtime: 0 };
}

const nul = "\0";
const openFilesMax = 1_048_576;

const limitRows: readonly (readonly [name: string, soft: string, hard: string, unit: string])[] = [
  ["Max cpu time", "unlimited", "unlimited", "seconds"], ["Max file size", "unlimited", "unlimited", "bytes"], ["Max data size", "unlimited", "unlimited", "bytes"], ["Max stack size", "8388608", "unlimited", "bytes"],
  ["Max core file size", "unlimited", "unlimited", "bytes"], ["Max resident set", "unlimited", "unlimited", "bytes"], ["Max processes", "unlimited", "unlimited", "processes"], ["Max open files", String(openFilesMax), String(openFilesMax), "files"],
  ["Max locked memory", "8388608", "8388608", "bytes"], ["Max address space", "unlimited", "unlimited", "bytes"], ["Max file locks", "unlimited", "unlimited", "locks"], ["Max pending signals", "31289", "31289", "signals"],
  ["Max msgqueue size", "819200", "819200", "bytes"], ["Max nice priority", "0", "0", ""], ["Max realtime priority", "0", "0", ""], ["Max realtime timeout", "unlimited", "unlimited", "us"],
];

function limitsText(): string {
  const row = (cells: readonly [string, string, string, string]): string => `${cells[0].padEnd(26)}${cells[1].padEnd(21)}${cells[2].padEnd(21)}${cells[3].padEnd(10)}\n`;
  return row(["Limit", "Soft Limit", "Hard Limit", "Units"]) + limitRows.map(row).join("");
}

function filesOf(process: Process): Inode {
  const folder = folderInode({ mode: 0o555 });
  const { argv, env, pid, parent, world, cwd, tty } = process;
  const name = ((argv[0] ?? "").split("/").pop() ?? "").slice(0, 15);
  const kib = (): number => Math.round((residentBytes(argv[0] ?? "") + process.heldBytes) / 1024);
  const four = (id: number): string => Array(4).fill(id).join("\t");
  const texts: { readonly [name: string]: () => string } = {
    cmdline: () => argv.map((word) => word + nul).join(""),
    comm: () => `${name}\n`,
    environ: () => [...env].map(([key, value]) => `${key}=${value}${nul}`).join(""),
    cgroup: () => "0::/\n",
    limits: limitsText,
    oom_score: () => "666\n",
    oom_score_adj: () => "1000\n",
    stat: () => `${pid} (${name}) S ${parent} ${pid} ${pid} ${tty ? 34_816 : 0} -1 4194560 100 0 0 0 0 0 0 0 20 0 1 0 ${Math.floor(process.startedAt / 10) % 1e8} ${kib() * 3072} ${Math.ceil(kib() / 4)} 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n`,
    statm: () => `${Math.ceil((kib() * 3) / 4)} ${Math.ceil(kib() / 4)} ${Math.ceil(kib() / 8)} 1 0 50 0\n`,
    status: () =>
      `Name:\t${name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t${pid}\nNgid:\t0\nPid:\t${pid}\nPPid:\t${parent}\nTracerPid:\t0\nUid:\t${four(world.user)}\nGid:\t${four(world.groups[0] ?? 0)}\nFDSize:\t64\nGroups:\t${world.groups.join(" ")} \n` +
      `VmPeak:\t${String(kib() * 3).padStart(8)} kB\nVmSize:\t${String(kib() * 3).padStart(8)} kB\nVmHWM:\t${String(kib()).padStart(8)} kB\nVmRSS:\t${String(kib()).padStart(8)} kB\nThreads:\t1\nNoNewPrivs:\t0\nSeccomp:\t0\nCapEff:\t${world.privileged ? "000001ffffffffff" : "00000000a80425fb"}\n`,
  };
  for (const key of Object.keys(texts)) folder.own.set(key, generatedFile(texts[key] as () => string));
  folder.own.set("cwd", linkInode(cwd));
  folder.own.set("root", linkInode("/"));
  folder.own.set("exe", linkInode((argv[0] ?? "").startsWith("/") ? (argv[0] as string) : `/bin/${argv[0]}`));
  folder.own.set("fd", liveFolder(() => new Map([0, 1, 2].map((fd) => [String(fd), linkInode(tty ? "/dev/pts/0" : fd === 0 && !process.input ? "/dev/null" : `pipe:[${10_000 + pid * 3 + fd}]`)]))));
  return folder;
}
