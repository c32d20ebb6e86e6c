import { parseTime } from "../../src/base/time.ts";
import type { Recording, Step, WatchLine } from "./recording.ts";

/**
 * When things happened in a recording. A step says when kubectl was started; when its request came to the server shows in the watch, if it
 * changed anything there. Controllers that wait a second from one look to the next make such distances visible.
 */
export class Instants {
  /** Milliseconds since the epoch at which the topic began, on the recording's own clock. */
  readonly start: number;
  /** Frames that a client may have caused: a new object, a new generation, a deletion. */
  private readonly causes: readonly WatchLine[];
  private readonly watch: readonly WatchLine[];

  constructor(recording: Recording) {
    this.watch = recording.watch;
    this.start = startOf(recording.watch);
    this.causes = causesIn(recording.watch);
  }

  /** How long after its start a step's request came to the server, in milliseconds. */
  leadMs(step: Step): number {
    const { t, ms = 0, argv = [], stdout = "" } = step;
    const usual = Math.min(usualLeadMs, Math.round(ms * 0.7));
    if (!changing.has(argv[0] ?? "") || argv[1] === "status" || argv[1] === "history") return usual;
    const words = new Set([...argv, ...stdout.split(/[\s"]+/)].flatMap((word) => [word, word.slice(word.lastIndexOf("/") + 1)]));
    const within = (line: WatchLine): boolean => line.t > t && line.t < t + ms / 1000 && words.has(line.object.metadata.name);
    const frame = this.causes.find(within) ?? this.watch.find((line) => line.type !== "DELETED" && within(line));
    return frame === undefined ? usual : Math.max(1, Math.round((frame.t - t) * 1000) - arrivalMs);
  }
}

/** kubectl has to start, and asks for discovery first. */
const usualLeadMs = 45;
/** From a write to its arrival at the recorder. */
const arrivalMs = 4;

const changing = new Set(["annotate", "apply", "create", "delete", "label", "patch", "replace", "rollout", "run", "scale", "set", "taint"]);

function causesIn(watch: readonly WatchLine[]): WatchLine[] {
  const last = new Map<string, { generation: number | undefined; deleted: boolean }>();
  return watch.filter(({ type, object: { metadata } }) => {
    const before = last.get(metadata.uid);
    const now = { generation: metadata.generation, deleted: metadata.deletionTimestamp !== undefined };
    last.set(metadata.uid, now);
    return type === "ADDED" || now.generation !== before?.generation || now.deleted !== before?.deleted;
  });
}

/** Before that, watches show what was there already. */
const firstFramesSeconds = 0.3;

/**
 * Times of creation are whole seconds, rounded down, so each allows a beginning within a second; together they leave a narrow
 * span, whose middle is taken. Ticks of CronJobs and deadlines of Jobs come with whole seconds.
 */
function startOf(watch: readonly WatchLine[]): number {
  let [earliest, latest] = [-Infinity, Infinity];
  for (const { t, type, object } of watch) {
    const created = parseTime(object.metadata.creationTimestamp ?? "");
    if (type !== "ADDED" || t < firstFramesSeconds || created === undefined) continue;
    earliest = Math.max(earliest, created - t * 1000);
    latest = Math.min(latest, created + 1000 - t * 1000);
  }
  if (earliest === -Infinity) return Date.UTC(2026, 10, 21, 10);
  return Math.round(latest > earliest ? (earliest + latest) / 2 : earliest);
}
