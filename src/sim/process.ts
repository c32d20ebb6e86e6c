import type { Clock, Environment, Random, Timer } from "../base/environment.ts";
import type { FileView } from "./files/file-view.ts";
import type { Inode } from "./files/inode.ts";
import type { NetworkInterface } from "./network.ts";
import { wakeMs, writeMs, writeMsPerByte } from "./work-meter.ts";
import type { WorkMeter } from "./work-meter.ts";
import type { NodeProxy } from "./services/node-proxy.ts";

/**
 * A simulated process: a typed program and what the kernel gives it. Everything a program waits for goes through its
 * process. Once the process has been killed those waits never return: the program stops where it stands and is collected
 * as garbage, as a killed process executes nothing more. So a program must hold nothing that needs giving back.
 */
export type Program = (process: Process) => Promise<number>;

export type Signal = "TERM" | "INT" | "HUP" | "QUIT" | "USR1" | "USR2" | "KILL" | "PIPE";

export const signalNumbers: { readonly [signal in Signal]: number } = { HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, USR2: 12, PIPE: 13, TERM: 15 };

/** Processes that see each other, by their ids. */
export interface ProcessSpace {
  readonly processes: Map<number, Process>;
  last: number;
}

/** What the processes of one container share. */
export interface World {
  readonly environment: Environment;
  readonly random: Random;
  readonly hostname: string;
  readonly nodeName: string;
  readonly files: FileView;
  readonly network: NetworkInterface;
  readonly privileged: boolean;
  readonly user: number;
  /** The primary group first. */
  readonly groups: readonly number[];
  readonly memoryBytesMax: number;
  /** What it holds in memory beside its processes and cannot give back: files of volumes in memory. */
  readonly pinnedBytes?: () => number;
  readonly machine: MachineFacts;
  /** Programs that the image brings beside the userland, by name. */
  readonly programs: { readonly [name: string]: Program };
  /** Replaces what a process runs, as exec does. */
  execute(process: Process, argv: readonly string[]): Promise<number>;
  /** Those that it sees: its own, and those of containers that it shares them with. */
  readonly processes: Map<number, Process>;
  /** What they cost. */
  readonly work: WorkMeter;
  nextPid(): number;
  /** Called once when the container ends, however it does: for what outlives its processes. */
  onEnd(then: () => void): void;
}

/** What a container sees of its machine. */
export interface MachineFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly bootedAt: number;
  /** The service rules in its kernel. */
  readonly proxy: NodeProxy;
  /** Whether a folder is its own root. */
  rootIs(folder: Inode): boolean;
  /** Runs a command line as one of its own processes, in the place of one that has changed its root to the machine's; undefined: it has no such program. */
  enter(process: Process, argv: readonly string[]): Promise<number | undefined>;
  /** Resolves when another container of the machine has written a line to its log. */
  nextLogLine(): Promise<void>;
}

/** Bytes that reach a process, as they come. */
export interface Input {
  /** The next bytes, undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** A terminal: from now on a process gets each key as it is pressed, until it ends. Ctrl-C stays a signal. */
  keys?(to: Process, press: (key: string) => void): void;
}

/** False: nobody reads any more. */
export type Output = (stream: "stdout" | "stderr", bytes: Uint8Array) => boolean;

/** What a process is given, and what it gets anew when it becomes another program. */
export interface ProcessState {
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly input: Input | undefined;
  readonly output: Output;
  /** Resolves when its output takes more. Absent: always. */
  readonly ready?: () => Promise<void>;
}

const encoder = new TextEncoder();

export class Process {
  readonly pid: number;
  /** The process that made it; 0: somebody outside of the container. */
  readonly parent: number;
  readonly world: World;
  argv: readonly string[];
  env: ReadonlyMap<string, string>;
  cwd: string;
  readonly tty: boolean;
  /** What it writes is shown to a person at once, not piped or kept. */
  showsToTerminal: boolean;
  input: Input | undefined;
  readonly startedAt: number;
  /** Why it ended, where that is more than the code. */
  endReason: "OOMKilled" | undefined;
  output: Output;
  /** Resolves when its output takes more; absent: it always does. */
  takesMore: (() => Promise<void>) | undefined;
  /** Memory beside that of the program itself. */
  heldBytes = 0;
  private handler: ((signal: Signal) => void) | undefined;
  private timers: Set<Timer> | undefined;
  private finish: ((code: number) => void) | undefined;
  private ended = false;
  /** It is PID 1, or stands in for it. */
  private readonly initial: boolean;

  constructor(options: ProcessState & { world: World; tty: boolean; initial?: boolean; parent?: number; showsToTerminal?: boolean }) {
    this.world = options.world;
    this.argv = options.argv;
    this.env = options.env;
    this.cwd = options.cwd;
    this.tty = options.tty;
    this.showsToTerminal = options.showsToTerminal ?? options.tty;
    this.input = options.input;
    this.output = options.output;
    this.takesMore = options.ready;
    this.pid = options.world.nextPid();
    this.parent = options.parent ?? 0;
    this.initial = options.initial ?? this.pid === 1;
    this.startedAt = this.clock.now();
  }

  get clock(): Clock {
    return this.world.environment.clock;
  }

  get alive(): boolean {
    return !this.ended;
  }

  /** Runs the program; resolves with its exit code, or 128 + the number of the signal that ended it. */
  run(program: Program): Promise<number> {
    this.world.processes.set(this.pid, this);
    return new Promise((resolve) => {
      this.finish = (code) => {
        if (this.ended) return;
        this.ended = true;
        this.world.processes.delete(this.pid);
        for (const timer of this.timers ?? []) timer.cancel();
        this.timers = undefined;
        this.handler = undefined;
        resolve(code);
      };
      program(this).then(this.finish, (error: unknown) => {
        if (!this.ended) this.write("stderr", `${this.argv[0] ?? ""}: ${error instanceof Error ? error.message : String(error)}\n`);
        this.finish?.(1);
      });
    });
  }

  write(stream: "stdout" | "stderr", data: string | Uint8Array): void {
    if (this.ended || data.length === 0) return;
    this.world.work.spend(this.clock.now(), writeMs + data.length * writeMsPerByte);
    if (this.output(stream, typeof data === "string" ? encoder.encode(data) : data)) return;
    if (this.handler) this.handler("PIPE");
    if (!this.ended) this.exit(128 + signalNumbers.PIPE);
  }

  /** Resolves when what it writes finds room: who writes without end waits for it. */
  ready(): Promise<void> {
    return this.wait(this.takesMore?.() ?? Promise.resolve());
  }

  /** Another program takes its place, as execve does: handlers are gone. */
  become(state: ProcessState): void {
    this.argv = state.argv;
    this.env = state.env;
    this.cwd = state.cwd;
    this.input = state.input;
    this.output = state.output;
    this.takesMore = state.ready;
    this.handler = undefined;
  }

  /** Sleeps by the cluster's clock; forever for Infinity. */
  sleep(ms: number): Promise<void> {
    return this.pause(ms, () => this.world.work.nap());
  }

  /** Computes for so long: as `sleep`, with a core of its own. */
  async compute(ms: number): Promise<void> {
    this.world.work.busy(this.clock.now(), ms);
    await this.pause(ms, () => undefined);
  }

  private pause(ms: number, over: () => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.ended || ms === Infinity) return;
      const timers = (this.timers ??= new Set());
      const timer = this.clock.after(ms, () => {
        timers.delete(timer);
        this.world.work.spend(this.clock.now(), wakeMs);
        over();
        resolve();
      });
      timers.add(timer);
    });
  }

  /** Waits for something outside; the wait never returns once the process is dead. */
  wait<T>(outside: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      outside.then(
        (value) => {
          if (!this.ended) resolve(value);
        },
        (error: unknown) => {
          if (!this.ended) reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  /** Installs a handler for all signals but KILL. Without one PID 1 ignores them and every other process ends. */
  onSignal(handler: ((signal: Signal) => void) | undefined): void {
    this.handler = handler;
  }

  signal(signal: Signal): void {
    if (this.ended) return;
    if (signal === "KILL") this.exit(137);
    else if (this.handler) this.handler(signal);
    else if (!this.initial) this.exit(128 + signalNumbers[signal]);
  }

  /** Ends the process here and now. */
  exit(code: number): void {
    this.finish?.(code);
  }

  /** The process holds this many bytes now. Above its limit it is killed, and the wait for its death does not return. */
  async holdMemory(bytes: number): Promise<void> {
    this.heldBytes = bytes;
    if (bytes + (this.world.pinnedBytes?.() ?? 0) <= this.world.memoryBytesMax) return;
    this.killForMemory();
    await new Promise(() => undefined);
  }
  /** The kernel has chosen it to make room. */
  killForMemory(): void {
    this.endReason = "OOMKilled";
    // The container ends with its first process, and so says why.
    for (const first of this.world.processes.values()) {
      if (first.world === this.world && first !== this) first.endReason = "OOMKilled";
      if (first.world === this.world) break;
    }
    this.exit(137);
  }
}
