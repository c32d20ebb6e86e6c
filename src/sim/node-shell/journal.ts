import { parseTime } from "../../base/time.ts";
import type { CommandTable } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { MachineState } from "./machine-state.ts";
import type { Units } from "./units.ts";

/** The journal of the machine: what systemd said, and what the kubelet did as far as it can still be seen. */

interface Line {
  readonly at: number;
  readonly unit: string;
  readonly text: string;
}

/** What the kubelet has logged since it started, as far as what it did can still be seen. */
function kubeletLines(machine: MachineState, pid: number): Line[] {
  const since = machine.kubeletSince();
  if (since === undefined) return [];
  const lines: Line[] = [];
  const say = (at: number, place: string, text: string): void => {
    lines.push({ at, unit: "kubelet", text: `kubelet[${pid}]: I${formatDate(at, "%m%d %H:%M:%S")}.${String(at % 1000).padStart(3, "0")}000${String(pid).padStart(8)} ${place}] ${text}` });
  };
  say(since, "server.go:529", '"Kubelet version" kubeletVersion="v1.36.3"');
  say(since, "kubelet_node_status.go:74", `"Attempting to register node" node="${machine.name}"`);
  say(since, "kubelet_node_status.go:77", `"Successfully registered node" node="${machine.name}"`);
  for (const { createdAt: at, namespace, pod } of machine.runtime.listSandboxes()) {
    if (at >= since) say(at, "reconciler_common.go:251", `"operationExecutor.VerifyControllerAttachedVolume started for volume" pod="${namespace}/${pod}"`);
  }
  for (const { id, namespace, pod: name, podUid, info } of machine.runtime.listContainers()) {
    const { startedAt = 0, finishedAt = 0, exitCode = 0 } = info;
    if (startedAt >= since) say(startedAt, "kubelet.go:2595", `"SyncLoop (PLEG): event for pod" pod="${namespace}/${name}" event={"ID":"${podUid}","Type":"ContainerStarted","Data":"${id}"}`);
    if (finishedAt >= since) say(finishedAt, "generic.go:358", `"Generic (PLEG): container finished" podID="${podUid}" containerID="${id}" exitCode=${exitCode}`);
  }
  return lines;
}

/** All lines of all units, or of one, oldest first. */
export function journalOf(machine: MachineState, units: Units, unit?: string): Line[] {
  const own = units.journal().map(({ at, unit: of, text }) => ({ at, unit: of, text: `systemd[1]: ${text}` }));
  return [...own, ...kubeletLines(machine, units.kubeletPid)].filter((line) => unit === undefined || line.unit === unit).sort((a, b) => a.at - b.at);
}

export const lineText = (machine: MachineState, { at, text }: Line): string => `${formatDate(at, "%b %d %H:%M:%S")} ${machine.name} ${text}\n`;

interface JournalAsked {
  readonly unit: string | undefined;
  readonly count: number;
  readonly since: number;
  readonly until: number;
  readonly follows: boolean;
  readonly isReversed: boolean;
  readonly isBare: boolean;
  readonly isKernel: boolean;
}

const spans: { readonly [unit: string]: number } = { s: 1, sec: 1, second: 1, m: 60, min: 60, minute: 60, h: 3600, hour: 3600, d: 86_400, day: 86_400 };

/** "5 minutes ago", "-1h", "2026-01-01 10:00", "today". */
function instantOf(text: string, now: number): number {
  const span = /^-?(\d+)\s*([a-z]+?)s?(?:\s+ago)?$/.exec(text.trim());
  if (span) return now - Number(span[1]) * 1000 * (spans[span[2] as string] ?? 0);
  if (text === "today") return now - (now % 86_400_000);
  if (text === "yesterday") return now - (now % 86_400_000) - 86_400_000;
  return parseTime(`${text.replace(" ", "T").replace(/T(\d\d:\d\d)$/, "T$1:00").replace(/^(\d{4}-\d\d-\d\d)$/, "$1T00:00:00")}Z`) ?? 0;
}

function journalAsked(args: readonly string[], now: number): JournalAsked {
  let [unit, count, since, until, flags]: [string | undefined, number, number, number, string] = [undefined, Infinity, 0, Infinity, ""];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const [name = "", given] = arg.startsWith("--") ? arg.split(/=(.*)/s) : [arg];
    const value = (): string => given ?? args[++i] ?? "";
    if (name === "--unit") unit = value();
    else if (name === "--lines") count = Number(value());
    else if (name === "--since") since = instantOf(value(), now);
    else if (name === "--until") until = instantOf(value(), now);
    else if (name === "--output") flags += value() === "cat" ? "C" : "";
    else if (name === "--follow" || name === "--dmesg" || name === "--reverse") flags += { "--follow": "f", "--dmesg": "k", "--reverse": "r" }[name];
    else if (/^-\w/.test(arg)) {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at] as string;
        if (!"unSUo".includes(letter)) {
          flags += letter;
          continue;
        }
        const word = arg.slice(at + 1) || value();
        if (letter === "u") unit = word;
        else if (letter === "n") count = Number(word);
        else if (letter === "S") since = instantOf(word, now);
        else if (letter === "U") until = instantOf(word, now);
        else if (word === "cat") flags += "C";
        break;
      }
    }
  }
  const follows = flags.includes("f");
  return { unit: unit?.replace(/\.service$/, ""), count: follows && count === Infinity ? 10 : count, since, until, follows, isReversed: flags.includes("r"), isBare: flags.includes("C"), isKernel: flags.includes("k") };
}

export function journalCommands(machine: MachineState, units: Units): CommandTable {
  return {
    async journalctl(call) {
      const asked = journalAsked(call.args, call.process.clock.now());
      const lines = asked.isKernel ? [] : journalOf(machine, units, asked.unit).filter(({ at }) => at >= asked.since && at <= asked.until);
      const chosen = lines.slice(Number.isFinite(asked.count) ? lines.length - Math.min(lines.length, asked.count) : 0);
      if (asked.isReversed) chosen.reverse();
      const shown = ({ at, text, unit }: Line): string => (asked.isBare ? `${text.replace(/^\S+: /, "")}\n` : lineText(machine, { at, text, unit }));
      if (chosen.length === 0 && !asked.follows) call.out("-- No entries --\n");
      else call.out(chosen.map(shown).join(""));
      if (!asked.follows) return 0;
      // The journal is told from what can be seen: looking again each second shows what is new.
      for (let told = journalOf(machine, units, asked.unit).length; ; ) {
        await call.process.sleep(1000);
        const now = journalOf(machine, units, asked.unit);
        if (now.length > told) call.out(now.slice(told).map(shown).join(""));
        told = now.length;
      }
    },
  };
}
