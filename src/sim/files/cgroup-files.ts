import type { FolderInode, Inode } from "./inode.ts";
import { generatedFile } from "./inode.ts";

/** What a container sees at /sys/fs/cgroup: the limits that it was given, and what it uses, as version 2 of control groups tells them. */
export interface ControlGroup {
  readonly pids: () => readonly number[];
  readonly memoryBytes: () => number;
  /** Absent: as much as the machine has. */
  readonly memoryBytesMax: () => number | undefined;
  readonly cpuMillisMax: () => number | undefined;
  readonly cpuMillisWanted: () => number | undefined;
  /** How long it has had a processor. */
  readonly cpuMs: () => number;
}

/** A processor's time is shared out in slices of this many microseconds. */
const periodUs = 100_000;

/** What a request for processors weighs: shares of 1024 per core, mapped to weights as runc does. */
function weightOf(millis: number): number {
  const shares = Math.max(2, Math.floor((millis * 1024) / 1000));
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

function filesOf(group: ControlGroup): ReadonlyMap<string, Inode> {
  const number = (value: () => number | undefined): (() => string) => () => `${value() ?? "max"}\n`;
  const texts: { readonly [name: string]: () => string } = {
    "cgroup.controllers": () => "cpuset cpu io memory hugetlb pids rdma misc\n",
    "cgroup.events": () => "populated 1\nfrozen 0\n",
    "cgroup.procs": () => group.pids().map((pid) => `${pid}\n`).join(""),
    "cgroup.threads": () => group.pids().map((pid) => `${pid}\n`).join(""),
    "cgroup.type": () => "domain\n",
    "cpu.max": () => `${group.cpuMillisMax() === undefined ? "max" : ((group.cpuMillisMax() as number) * periodUs) / 1000} ${periodUs}\n`,
    "cpu.stat": () => `usage_usec ${Math.round(group.cpuMs() * 1000)}\nuser_usec ${Math.round(group.cpuMs() * 700)}\nsystem_usec ${Math.round(group.cpuMs() * 300)}\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\nnr_bursts 0\nburst_usec 0\n`,
    "cpu.weight": () => `${weightOf(group.cpuMillisWanted() ?? group.cpuMillisMax() ?? 2)}\n`,
    "cpuset.cpus.effective": () => "0-3\n",
    "memory.current": number(group.memoryBytes),
    "memory.events": () => "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n",
    "memory.high": () => "max\n",
    "memory.low": () => "0\n",
    "memory.max": number(group.memoryBytesMax),
    "memory.min": () => "0\n",
    "memory.oom.group": () => "1\n",
    "memory.peak": number(group.memoryBytes),
    "memory.stat": () => `anon ${group.memoryBytes()}\nfile 0\nkernel 0\nsock 0\nshmem 0\ninactive_file 0\nactive_file 0\n`,
    "memory.swap.current": () => "0\n",
    "memory.swap.max": () => "0\n",
    "pids.current": () => `${group.pids().length}\n`,
    "pids.max": () => "max\n",
    "pids.peak": () => `${group.pids().length}\n`,
  };
  return new Map(Object.entries(texts).map(([name, text]) => [name, generatedFile(text)]));
}

const nothing: ReadonlyMap<string, Inode> = new Map();

/** Made when somebody looks: most containers are never asked, and there are many. */
export const controlGroupFolder = (group: () => ControlGroup): FolderInode => ({ kind: "folder", own: nothing as Map<string, Inode>, base: undefined, live: () => filesOf(group()), hidden: undefined, mode: 0o555, mtime: 0 });
