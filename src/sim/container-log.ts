import { formatNanoTime } from "../base/time.ts";
import type { LogEntry, RuntimeLog } from "../kubelet/runtime.ts";

/** Above this many bytes the older half of a container's log goes: the kubelet's `containerLogMaxSize` of 10 MiB. */
const bytesMax = 10 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const newline = 10;
const none: readonly LogEntry[] = [];

/** What a container wrote, line by line. */
export class ContainerLog implements RuntimeLog {
  private lines: LogEntry[] | undefined;
  private open: { stdout?: Uint8Array; stderr?: Uint8Array } | undefined;
  private followers: Set<(event: "entry" | "ended") => void> | undefined;
  private ended = false;
  private bytes = 0;
  private readonly written: () => void;

  /** `written` is called after each new line. */
  constructor(written: () => void) {
    this.written = written;
  }

  entries(): readonly LogEntry[] {
    return this.lines ?? none;
  }

  /** Of the text of its lines. */
  get sizeBytes(): number {
    return this.bytes;
  }

  follow(listener: (event: "entry" | "ended") => void): () => void {
    if (this.ended) {
      listener("ended");
      return () => undefined;
    }
    const followers = (this.followers ??= new Set());
    followers.add(listener);
    return () => void followers.delete(listener);
  }

  append(stream: "stdout" | "stderr", bytes: Uint8Array, now: number): void {
    let rest = bytes;
    const before = this.open?.[stream];
    if (before) {
      rest = new Uint8Array(before.length + bytes.length);
      rest.set(before);
      rest.set(bytes, before.length);
      delete this.open?.[stream];
    }
    let start = 0;
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline, start)) {
      this.add({ at: now, stream, text: rest.slice(start, end + 1) });
      start = end + 1;
    }
    if (start < rest.length) (this.open ??= {})[stream] = rest.slice(start);
  }

  /** Nothing more will come: what stands without a newline becomes the last entry. */
  end(now: number): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const text = this.open?.[stream];
      if (text) this.add({ at: now, stream, text });
    }
    this.open = undefined;
    this.ended = true;
    for (const listener of this.followers ?? []) listener("ended");
    this.followers = undefined;
  }

  /** As the runtime's log file has it: time, stream, F for a full line, text. */
  file(): Uint8Array {
    let text = "";
    for (const { at, stream, text: line } of this.entries()) {
      const shown = decoder.decode(line);
      const full = shown.endsWith("\n");
      text += `${formatNanoTime(at)} ${stream} ${full ? "F" : "P"} ${full ? shown : `${shown}\n`}`;
    }
    return encoder.encode(text);
  }

  private add(entry: LogEntry): void {
    const lines = (this.lines ??= []);
    lines.push(entry);
    this.bytes += entry.text.length;
    if (this.bytes > bytesMax) {
      const dropped = lines.splice(0, Math.ceil(lines.length / 2));
      this.bytes -= dropped.reduce((sum, { text }) => sum + text.length, 0);
    }
    this.written();
    for (const listener of this.followers ?? []) listener("entry");
  }
}
