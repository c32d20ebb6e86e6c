import { limits } from "../base/limits.ts";
import type { RuntimeExec } from "../kubelet/runtime.ts";
import { Process } from "./process.ts";
import type { Input, Program, World } from "./process.ts";
import { Terminal } from "./shell/terminal.ts";

/** How those who are outside of a container speak with the processes in it. */
const newline = 10;

/** A terminal's line ends. */
export function withReturns(bytes: Uint8Array): Uint8Array {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === newline && bytes[i - 1] !== 13) count++;
  if (count === 0) return bytes;
  const out = new Uint8Array(bytes.length + count);
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === newline && bytes[i - 1] !== 13) out[at++] = 13;
    out[at++] = bytes[i] as number;
  }
  return out;
}

/** Standard input of a container: what those who are attached send. While nobody is, it stays open. */
export class InputQueue implements Input {
  private readonly chunks: Uint8Array[] = [];
  private bytes = 0;
  private taken: (() => void) | undefined;
  private isEnded = false;
  private wake: (() => void) | undefined;

  push(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.bytes += bytes.length;
    this.wake?.();
  }

  end(): void {
    this.isEnded = true;
    this.wake?.();
    this.taken?.();
  }

  /** Resolves once no more waits than may: who writes faster than the program reads is made to wait. */
  async room(): Promise<void> {
    while (this.bytes > limits.inputAheadBytesMax && !this.isEnded) await new Promise<void>((resolve) => (this.taken = resolve));
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.chunks.length === 0 && !this.isEnded) await new Promise<void>((resolve) => (this.wake = resolve));
    const chunk = this.chunks.shift();
    this.bytes -= chunk?.length ?? 0;
    this.taken?.();
    return chunk;
  }
}

/** Runs a program for somebody outside of the container, at a terminal where asked. Resolves with its exit code. */
export function runFor(world: World, options: RuntimeExec & { readonly cwd: string; readonly env: ReadonlyMap<string, string>; readonly program: Program }): Promise<number> {
  const { tty, stdin, onOutput, signal } = options;
  const show = (stream: "stdout" | "stderr", bytes: Uint8Array): boolean => {
    onOutput(tty ? "stdout" : stream, tty ? withReturns(bytes) : bytes);
    return true;
  };
  const input = stdin ? inputOf(stdin) : undefined;
  const terminal = tty && input ? new Terminal({ input, show: (bytes) => void show("stdout", bytes) }) : undefined;
  const process = new Process({ world, argv: options.argv, env: options.env, cwd: options.cwd, tty, input: terminal ?? input, initial: false, output: show });
  if (terminal) terminal.foreground = () => process;
  signal?.addEventListener("abort", () => process.signal("HUP"), { once: true });
  return process.run(options.program);
}

function inputOf(chunks: AsyncIterable<Uint8Array>): Input {
  const iterator = chunks[Symbol.asyncIterator]();
  return {
    async read() {
      const next = await iterator.next();
      return next.done ? undefined : next.value;
    },
  };
}
