import { formatFixedNanoTime } from "../base/time.ts";
import type { LogOptions } from "../server/node-agent.ts";
import type { ByteSink } from "../server/request.ts";
import type { LogEntry, RuntimeLog } from "./runtime.ts";

const encoder = new TextEncoder();

/** Which of the entries there are an option set begins with. */
function beginning(entries: readonly LogEntry[], options: LogOptions): number {
  let first = 0;
  if (options.since !== undefined) while (first < entries.length && (entries[first] as LogEntry).at < options.since) first++;
  if (options.tailLines !== undefined) first = Math.max(first, entries.length - options.tailLines);
  return first;
}

/** Writes a log to the sink as asked; ends the sink at its end. Waits for a slow reader. */
export async function readLog(log: RuntimeLog, options: LogOptions, sink: ByteSink): Promise<void> {
  let gone = false;
  let wake: (() => void) | undefined;
  sink.closed(() => {
    gone = true;
    wake?.();
  });
  let ended = !options.follow;
  let last: LogEntry | undefined;
  let at = beginning(log.entries(), options);
  if (at > 0) last = log.entries()[at - 1];
  const stop = options.follow
    ? log.follow((event) => {
        if (event === "ended") ended = true;
        wake?.();
      })
    : undefined;
  let left = options.limitBytes ?? Infinity;
  while (!gone && left > 0) {
    const entries = log.entries();
    // Older entries may have been dropped since: go on behind the last one written.
    if (last && entries[at - 1] !== last) at = entries.lastIndexOf(last) + 1;
    const entry = entries[at];
    if (!entry) {
      if (ended) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
      continue;
    }
    at++;
    last = entry;
    if ((options.stream === "Stdout" && entry.stream !== "stdout") || (options.stream === "Stderr" && entry.stream !== "stderr")) continue;
    const bytes = cut(options.timestamps ? stamped(entry) : entry.text, left);
    left -= bytes.length;
    if (!sink.write(bytes)) await new Promise<void>((resolve) => {
      wake = resolve;
      sink.drained(resolve);
    });
  }
  stop?.();
  sink.end();
}

function stamped(entry: LogEntry): Uint8Array {
  const stamp = encoder.encode(`${formatFixedNanoTime(entry.at)} `);
  const bytes = new Uint8Array(stamp.length + entry.text.length);
  bytes.set(stamp);
  bytes.set(entry.text, stamp.length);
  return bytes;
}

function cut(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.length > length ? bytes.subarray(0, length) : bytes;
}
