import type { Process } from "../process.ts";
import { flavourOf } from "./flavours.ts";

/** A script's variables, with what stands behind the special ones. A subshell gets a copy. */
export interface Variable {
  value: string;
  exported: boolean;
  readonly?: boolean;
  /** An array of bash; `value` is its first. */
  list?: string[];
}

/** A mistake of a script that ends the command, or a script that is not interactive. */
export class ShellError extends Error {
  readonly status: number;
  constructor(message: string, status = 2) {
    super(message);
    this.status = status;
  }
}

/** Leaves loops, functions and scripts. */
export class Leave extends Error {
  readonly kind: "break" | "continue" | "return" | "exit";
  readonly value: number;
  constructor(kind: Leave["kind"], value: number) {
    super(kind);
    this.kind = kind;
    this.value = value;
  }
}

export class Variables {
  positional: readonly string[] = [];
  scriptName = "sh";
  status = 0;
  lastBackground = "";
  readonly flags = new Set<string>();
  cwd: string;
  private readonly all = new Map<string, Variable>();
  /** What `local` has hidden, one map per call of a function. */
  private readonly hidden: Map<string, Variable | undefined>[] = [];
  private readonly process: Process;
  private readonly startedAt: number;

  constructor(process: Process, from?: Variables) {
    this.process = process;
    this.startedAt = from?.startedAt ?? process.clock.now();
    this.cwd = from?.cwd ?? process.cwd;
    if (from) {
      for (const [name, variable] of from.all) this.all.set(name, { ...variable });
      for (const flag of from.flags) this.flags.add(flag);
      this.positional = from.positional;
      this.scriptName = from.scriptName;
      this.status = from.status;
      this.lastBackground = from.lastBackground;
      return;
    }
    // No name of the shell, but of a program below: ConfigMaps bring keys such as `log-level`. Only dash keeps them from it.
    const isPassed = (name: string): boolean => flavourOf(process) !== "dash" || /^[A-Za-z_]\w*$/.test(name);
    for (const [name, value] of process.env) if (isPassed(name)) this.all.set(name, { value, exported: true });
    this.all.set("PWD", { value: this.cwd, exported: true });
    this.all.set("IFS", { value: " \t\n", exported: false });
    this.all.set("OPTIND", { value: "1", exported: false });
  }

  get(name: string): string | undefined {
    const { process } = this;
    switch (name) {
      case "?": return String(this.status);
      case "$": return String(process.pid);
      case "#": return String(this.positional.length);
      case "!": return this.lastBackground;
      case "-": return [...this.flags].join("");
      case "0": return this.scriptName;
      case "RANDOM": return String(process.world.random.below(32_768));
      case "SECONDS": return String(Math.floor((process.clock.now() - this.startedAt) / 1000));
      case "EPOCHSECONDS": return String(Math.floor(process.clock.now() / 1000));
      case "PPID": return process.pid === 1 ? "0" : "1";
      case "UID":
      case "EUID": return this.all.get(name)?.value ?? String(process.world.user);
      case "@":
      case "*": return this.positional.length > 0 ? this.positional.join(" ") : undefined;
    }
    if (/^\d+$/.test(name)) return this.positional[Number(name) - 1];
    const element = /^(\w+)\[(.*)\]$/s.exec(name);
    if (!element) return this.all.get(name)?.value;
    const list = this.list(element[1] as string);
    return element[2] === "@" || element[2] === "*" ? list?.join(" ") : list?.at(Number(element[2]));
  }

  list(name: string): readonly string[] | undefined {
    const variable = this.all.get(name);
    return variable && (variable.list ?? [variable.value]);
  }

  set(name: string, value: string, options: { exported?: boolean } = {}): void {
    const element = /^(\w+)\[(.*)\]$/s.exec(name);
    if (element) {
      const list = [...(this.all.get(element[1] as string)?.list ?? [])];
      list[Number(element[2])] = value;
      return this.setList(element[1] as string, Array.from(list, (each) => each ?? ""));
    }
    const known = this.all.get(name);
    if (known?.readonly) throw new ShellError(`${name}: is read only`);
    this.all.set(name, { value, exported: options.exported ?? known?.exported ?? this.flags.has("a") });
  }

  setList(name: string, list: string[]): void {
    this.all.set(name, { value: list[0] ?? "", exported: false, list });
  }

  unset(name: string): void {
    if (this.all.get(name)?.readonly) throw new ShellError(`${name}: is read only`);
    this.all.delete(name);
  }

  mark(name: string, as: "exported" | "readonly"): void {
    const known = this.all.get(name);
    if (known) known[as] = true;
    else if (as === "exported") this.all.set(name, { value: "", exported: true });
  }

  entries(): readonly (readonly [string, Variable])[] {
    return [...this.all].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** What a program gets, with assignments that stand before its name. */
  environment(extra: ReadonlyMap<string, string> = new Map()): Map<string, string> {
    const env = new Map<string, string>();
    for (const [name, { value, exported }] of this.all) if (exported) env.set(name, value);
    for (const [name, value] of extra) env.set(name, value);
    return env;
  }

  enterFunction(): void {
    this.hidden.push(new Map());
  }

  leaveFunction(): void {
    for (const [name, variable] of this.hidden.pop() ?? []) {
      if (variable) this.all.set(name, variable);
      else this.all.delete(name);
    }
  }

  /** False outside of a function. */
  makeLocal(name: string): boolean {
    const frame = this.hidden.at(-1);
    if (!frame) return false;
    if (!frame.has(name)) frame.set(name, this.all.get(name));
    const before = this.all.get(name);
    this.all.set(name, { value: before?.value ?? "", exported: before?.exported ?? false });
    return true;
  }

  /** Runs with variables set for its time alone, as before the name of a builtin or a function. */
  async during<T>(values: ReadonlyMap<string, string>, run: () => Promise<T>): Promise<T> {
    const before = [...values.keys()].map((name) => [name, this.all.get(name)] as const);
    for (const [name, value] of values) this.set(name, value, { exported: true });
    try {
      return await run();
    } finally {
      for (const [name, variable] of before) {
        if (variable) this.all.set(name, variable);
        else this.all.delete(name);
      }
    }
  }
}

/** A text as a script would have to spell it, for lists that can be read back. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
