import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { KubeObject } from "../../src/api/kind-ref.ts";

/** A recorded topic as its files tell it; see the README beside the recordings for what each field means. */
export interface Step {
  readonly n: number;
  readonly argv?: readonly string[];
  readonly stdin?: string | null;
  readonly files?: { readonly [name: string]: string };
  readonly exit?: number | null;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly ns?: string;
  /** Seconds since the topic began. */
  readonly t: number;
  readonly ms?: number;
  readonly note?: string;
  readonly background?: boolean;
  readonly killed_after_s?: number;
}

export interface RecordedEvent {
  readonly metadata: { readonly namespace?: string };
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export interface WatchLine {
  readonly t: number;
  readonly type: string;
  readonly kind: string;
  readonly object: KubeObject & { readonly status?: object };
}

export interface Recording {
  readonly steps: readonly Step[];
  /** Absent where none were recorded. */
  readonly events: readonly RecordedEvent[] | undefined;
  readonly watch: readonly WatchLine[];
  /** What was there at the end, of the kinds that the topic is about. */
  readonly objects: readonly KubeObject[];
}

const folder = join(import.meta.dirname, "recorded");

export function readRecording(topic: string): Recording {
  const file = (name: string): string => {
    const path = join(folder, topic, name);
    if (existsSync(path)) return readFileSync(path, "utf8");
    return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)).toString() : "";
  };
  const lines = (text: string): unknown[] => text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as unknown);
  const items = (text: string): unknown[] => (text === "" ? [] : (JSON.parse(text) as { items: unknown[] }).items);
  const events = file("events.json");
  return {
    steps: lines(file("steps.jsonl")) as Step[],
    watch: lines(file("watch.jsonl")) as WatchLine[],
    events: events === "" ? undefined : (items(events) as RecordedEvent[]),
    objects: items(file("objects.json")) as KubeObject[],
  };
}
