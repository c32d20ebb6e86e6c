import type { CommandCall, CommandTable } from "../command.ts";
import { formatDate } from "../commands/clock.ts";
import type { MachineState } from "./machine-state.ts";
import { journalOf, lineText } from "./journal.ts";
import { endingOf, titleOf } from "./units.ts";
import type { Unit, Units } from "./units.ts";

/** systemctl: how the services of the machine are, and how they are stopped and started. */

const stamp = (instant: number): string => formatDate(instant, "%a %Y-%m-%d %H:%M:%S UTC");

function status(unit: Unit, now: number, journal: string): string {
  const { since, ended, name, path } = unit;
  const isUp = since !== undefined;
  const active = isUp
    ? `active (running) since ${stamp(since)}; ${systemdAge(now - since)} ago`
    : `${ended?.by === undefined ? "inactive (dead)" : "activating (auto-restart) (Result: signal)"}${ended ? ` since ${stamp(ended.at)}; ${systemdAge(now - ended.at)} ago` : ""}`;
  const lines = [
    `${isUp || ended?.by ? "●" : "○"} ${titleOf(unit)}`,
    `     Loaded: loaded (${path}; enabled; preset: enabled)`,
    ...(unit.dropIn === undefined ? [] : [`    Drop-In: ${path}.d`, `             └─${unit.dropIn}`]),
    `     Active: ${active}`,
    ...(isUp || !ended ? [] : [`   Duration: ${systemdSpan(ended.at - ended.startedAt)}`]),
    ...(unit.docs === undefined ? [] : [`       Docs: ${unit.docs}`]),
  ];
  if (isUp) {
    lines.push(`   Main PID: ${unit.pid} (${name})`, `      Tasks: ${unit.tasks} (limit: 9388)`, `     Memory: ${unit.memory}`, `     CGroup: /${name === "kubelet" ? "kubelet.slice" : "system.slice"}/${name}.service`, `             └─${unit.pid} ${unit.command}`);
  } else if (ended) lines.push(`    Process: ${ended.pid} ExecStart=${unit.command} (${endingOf(ended)})`, `   Main PID: ${ended.pid} (${endingOf(ended)})`);
  return `${lines.join("\n")}\n${journal === "" ? "" : `\n${journal}`}`;
}

/** The two greatest units of a time span, as systemd tells how long ago something was: "1min 30s", "2h 0min". */
function systemdAge(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const many = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;
  if (days >= 7) return `${many(Math.floor(days / 7), "week")} ${many(days % 7, "day")}`;
  if (days >= 1) return `${many(days, "day")} ${Math.floor(ms / 3_600_000) % 24}h`;
  if (ms >= 3_600_000) return `${Math.floor(ms / 3_600_000)}h ${Math.floor(ms / 60_000) % 60}min`;
  if (ms >= 60_000) return `${Math.floor(ms / 60_000)}min ${Math.floor(ms / 1000) % 60}s`;
  return ms >= 1000 ? `${Math.floor(ms / 1000)}s` : `${ms}ms`;
}

/** A span in full, without what is zero: "1h 30s". */
function systemdSpan(ms: number): string {
  const parts = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"]] as const;
  let rest = ms;
  const words: string[] = [];
  for (const [size, unit] of parts) {
    if (rest >= size) words.push(`${Math.floor(rest / size)}${unit}`);
    rest %= size;
  }
  if (rest > 0 || words.length === 0) words.push(`${(rest / 1000).toFixed(rest % 1000 === 0 ? 0 : 3)}s`);
  return words.join(" ");
}

const legend = (count: number): string => `
LOAD   = Reflects whether the unit definition was properly loaded.
ACTIVE = The high-level unit activation state, i.e. generalization of SUB.
SUB    = The low-level unit activation state, values depend on unit type.
${count} loaded units listed. Pass --all to see loaded but inactive units, too.
To show all installed unit files use 'systemctl list-unit-files'.
`;

function listUnits(units: readonly Unit[], args: readonly string[]): string {
  const asked = args.find((arg) => arg.startsWith("--state="))?.slice("--state=".length);
  const failed = args.includes("--failed") || asked === "failed";
  const shown = failed ? [] : units.filter(({ since }) => since !== undefined || args.includes("--all") || args.includes("-a"));
  const width = Math.max(4, ...shown.map(({ name }) => name.length + ".service".length));
  const rows = shown.map(({ name, since, description }) => `  ${`${name}.service`.padEnd(width)} loaded ${since === undefined ? "inactive dead   " : "active   running"} ${description}\n`);
  const all = rows.some((row) => row.includes(" inactive "));
  const table = shown.length === 0 ? ["  UNIT LOAD ACTIVE SUB DESCRIPTION\n"] : [`  ${"UNIT".padEnd(width)} LOAD   ${all ? "ACTIVE   SUB    " : "ACTIVE SUB    "} DESCRIPTION\n`, ...(all ? rows : rows.map((row) => row.replace(" active   running", " active running")))];
  const text = (args.includes("--no-legend") ? table.slice(1) : table).join("");
  if (args.includes("--no-legend")) return text;
  return text + (shown.length === 0 ? "0 loaded units listed.\n" : legend(shown.length));
}

function listUnitFiles(units: readonly Unit[]): string {
  const width = Math.max(...units.map(({ name }) => name.length + ".service".length));
  return `${"UNIT FILE".padEnd(width)} STATE   PRESET\n${units.map(({ name }) => `${`${name}.service`.padEnd(width)} enabled enabled\n`).join("")}\n${units.length} unit files listed.\n`;
}

function unitFile({ path, dropIn, description, docs, command }: Unit): string {
  const file = `# ${path}\n[Unit]\nDescription=${description}\n${docs === undefined ? "" : `Documentation=${docs}\n`}\n[Service]\nExecStart=${command.split(" ")[0]}\nRestart=always\nStartLimitInterval=0\nRestartSec=10\n\n[Install]\nWantedBy=multi-user.target\n`;
  return dropIn === undefined ? file : `${file}\n# ${path}.d/${dropIn}\n[Service]\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nExecStart=\nExecStart=${command}\n`;
}

interface Asked {
  readonly units: Units;
  readonly unit: Unit;
  readonly call: CommandCall;
  readonly journal: () => string;
}

/** What systemctl does with one unit; resolves to its status. */
const verbs: { readonly [verb: string]: (asked: Asked) => number } = {
  status({ unit, call, journal }) {
    call.out(status(unit, call.process.clock.now(), journal()));
    return unit.since === undefined ? 3 : 0;
  },
  "is-active"({ unit, call: { out } }) {
    out(unit.since !== undefined ? "active\n" : unit.ended?.by ? "activating\n" : "inactive\n");
    return unit.since === undefined ? 3 : 0;
  },
  "is-failed"({ unit, call: { out } }) {
    out(unit.since === undefined ? "inactive\n" : "active\n");
    return 1;
  },
  "is-enabled"({ call: { out } }) {
    out("enabled\n");
    return 0;
  },
  cat({ unit, call: { out } }) {
    out(unitFile(unit));
    return 0;
  },
  show({ unit, call: { args, out } }) {
    const at = args.findIndex((arg) => arg === "-p" || arg === "--property");
    const wanted = (at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith("--property="))?.slice("--property=".length))?.split(",");
    const up = unit.since !== undefined;
    const properties = { Id: `${unit.name}.service`, Description: unit.description, LoadState: "loaded", ActiveState: up ? "active" : "inactive", SubState: up ? "running" : "dead", UnitFileState: "enabled", MainPID: String(up ? unit.pid : 0), Restart: "always", FragmentPath: unit.path };
    for (const [name, value] of Object.entries(properties)) if (!wanted || wanted.includes(name)) out(args.includes("--value") ? `${value}\n` : `${name}=${value}\n`);
    return 0;
  },
  start({ unit, units }) {
    units.start(unit);
    return 0;
  },
  restart({ unit, units }) {
    units.restart(unit);
    return 0;
  },
  stop({ unit, units, call: { err } }) {
    if (unit.name === "kubelet") units.stop(unit);
    else err(`systemctl: on a simulated node only the kubelet can be stopped; without ${unit.name} nothing of it would be left: \`coracle node stop\` takes the power away\n`);
    return unit.name === "kubelet" ? 0 : 1;
  },
  kill({ unit, units, call: { args } }) {
    const signal = /(?:-s|--signal)[ =]?(?:SIG)?(\w+)/.exec(args.join(" "))?.[1];
    units.killed(unit, signal === "KILL" || signal === "9" ? "KILL" : "TERM");
    return 0;
  },
  enable: () => 0,
  disable({ unit, call: { err } }) {
    err(`systemctl: on a simulated node ${unit.name} starts with the machine\n`);
    return 1;
  },
};
const sameAs: { readonly [verb: string]: string } = { "try-restart": "restart", "reload-or-restart": "restart", "reload": "restart", "force-reload": "restart", unmask: "enable", mask: "disable", "reset-failed": "enable" };

/** What is said of a unit that is not there. */
function unknown({ out, err }: CommandCall, verb: string, name: string): number {
  if (verb === "is-active" || verb === "is-failed") out("inactive\n");
  else if (verb === "is-enabled") err(`Failed to get unit file state for ${name}.service: No such file or directory\n`);
  else err(verb === "status" ? `Unit ${name}.service could not be found.\n` : `Failed to ${verb} ${name}.service: Unit ${name}.service not found.\n`);
  return { "is-active": 3, "is-failed": 1, "is-enabled": 1, status: 4 }[verb] ?? 5;
}

export function systemdCommands(machine: MachineState, units: Units): CommandTable {
  return {
    async systemctl(call) {
      const { args, out, err } = call;
      const words = args.filter((arg, i) => !arg.startsWith("-") && !/^(-p|--property|-s|--signal|-n|--lines|-t|--type)$/.test(args[i - 1] ?? ""));
      const [verb = "list-units", ...names] = words;
      if (args.includes("--version")) out("systemd 252 (252.39-1~deb12u1)\n");
      else if (verb === "daemon-reload" || verb === "daemon-reexec") return 0;
      else if (verb === "list-units") out(listUnits(units.all(), args));
      else if (verb === "list-unit-files") out(listUnitFiles(units.all()));
      else if (verb === "is-system-running") out("running\n");
      else if (verb === "status" && names.length === 0) out(`● ${machine.name}\n    State: running\n    Units: ${units.all().length} loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: 0 units\n    Since: ${stamp(machine.host.bootedAt)}; ${systemdAge(call.process.clock.now() - machine.host.bootedAt)} ago\n  systemd: 252.39-1~deb12u1\n`);
      else {
        const act = verbs[sameAs[verb] ?? verb];
        if (!act) {
          err(`Unknown command verb ${verb}.\n`);
          return 1;
        }
        if (names.length === 0) {
          err("Too few arguments.\n");
          return 1;
        }
        let code = 0;
        for (const each of names) {
          const name = each.replace(/\.service$/, "");
          const unit = units.find(name);
          if (unit) code = act({ unit, units, call, journal: () => journalOf(machine, units, name).slice(-10).map((line) => lineText(machine, line)).join("") }) || code;
          else code = unknown(call, verb, name);
        }
        return code;
      }
      return 0;
    },
  };
}
