/** What the commands say, and to whom: a terminal, or the process that started this one detached. */
import { styleText } from "node:util";

/** Where a command says what it does. */
export interface Output {
  line(text: string): void;
  /** A step that is done, with the time since the process began. */
  done(text: string): void;
  /** The cluster is up: all that had to be said was said. */
  ready(): void;
}

/** Cells in columns, three spaces apart, as kubectl prints tables. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + 3))).join(""));
}

const bold = (text: string) => styleText("bold", text, { stream: process.stdout });
const green = (text: string) => styleText("green", text, { stream: process.stdout });
const dim = (text: string) => styleText("dim", text, { stream: process.stdout });

export const emphasis = bold;

const seconds = () => `${(performance.now() / 1000).toFixed(2)} s`;

export const terminal: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  done: (text) => void process.stdout.write(` ${green("✓")} ${text} ${dim(seconds())}\n`),
  ready() {},
};

/** Messages of a detached process to the one that started it. */
export type DetachedMessage = { readonly line: string } | { readonly done: string } | { readonly ready: true } | { readonly failed: string; readonly code: number };

function send(message: DetachedMessage): void {
  if (process.connected) process.send?.(message);
}

/** Speaks to the process that waits for this one; silent once that has gone. */
export const toParent: Output = {
  line: (line) => send({ line }),
  done: (done) => send({ done: `${done} ${dim(seconds())}` }),
  ready() {
    send({ ready: true });
    if (process.connected) process.disconnect?.();
  },
};

/** Tells the process that waits for this one why there is no cluster, and with which exit code to end. */
export function failToParent(failed: string, code: number): void {
  send({ failed, code });
}
