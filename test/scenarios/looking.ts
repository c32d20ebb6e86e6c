import { expect } from "vitest";
import { daemonSets, pods as podKind } from "../../src/api/kinds.ts";
import { table } from "./scenario.ts";
import type { Background, Scenario } from "./scenario.ts";

/** What several scenarios look at: rows of tables, Pods by label, and the life of Pods as a watch of kubectl tells it. */
export type Row = { readonly [header: string]: string };

export const suffix = "[bcdfghjklmnpqrstvwxz2456789]{5}";

export const podsWide = ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"];

/** The headers of a table, in order. */
export function headers(text: string): string[] {
  return (text.split("\n")[0] ?? "").split(/ {2,}/).map((name) => name.trim()).filter((name) => name !== "");
}

/** The rows that a command prints. */
export async function rows(s: Scenario, command: string): Promise<Row[]> {
  return table(await s.ok(command));
}

/** The one row that a command prints. */
export async function row(s: Scenario, command: string): Promise<Row> {
  const found = await rows(s, command);
  expect(found, command).toHaveLength(1);
  return found[0] as Row;
}

/** Values of jsonpath, one per word. */
export async function words(s: Scenario, command: string): Promise<string[]> {
  return (await s.ok(command)).split(/\s+/).filter((word) => word !== "");
}

/** What follows `kubectl get KIND`: a name or a label selector, and a namespace. */
function selected(selection: string): { name: string | undefined; namespace: string; labelSelector: string | undefined } {
  const after = (flag: string): string | undefined => {
    const [, quoted, word] = new RegExp(`(?:^| )${flag} (?:'([^']+)'|(\\S+))`).exec(selection) ?? [];
    return quoted ?? word;
  };
  const name = /^(?!-)\S+/.exec(selection)?.[0];
  return { name, namespace: after("-n") ?? "default", labelSelector: after("-l") };
}

/** Moves time, without kubectl, until what is looked for is there; kubectl then shows it, or that it did not come. */
async function comes(s: Scenario, isThere: () => Promise<boolean>): Promise<void> {
  await s.cluster.runUntil(isThere, { within: "60s" }).catch(() => undefined);
}

/** Moves time until every Pod that kubectl lists is Running and Ready and there are `count`; their rows (wide). */
export async function runningPods(s: Scenario, selection: string, count: number): Promise<Row[]> {
  const { name, namespace, labelSelector } = selected(selection);
  await comes(s, async () => {
    const { items } = await s.cluster.client.list(podKind, { namespace, labelSelector });
    const found = items.filter(({ metadata }) => name === undefined || metadata.name === name);
    return found.length === count && found.every(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"));
  });
  const text = await s.until(`kubectl get pods ${selection} -o wide`, (out) => {
    const pods = table(out);
    return pods.length === count && pods.every((pod) => pod["STATUS"] === "Running" && allReady(pod["READY"]));
  });
  return table(text);
}

/** Moves time until the numbers of a DaemonSet are all `count`. */
export async function settledDaemonSet(s: Scenario, name: string, count: number): Promise<Row> {
  const columns = ["DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE"];
  const object = selected(name);
  await comes(s, async () => {
    const { metadata, status } = await s.cluster.client.get(daemonSets, { name: object.name ?? "", namespace: object.namespace });
    const { desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled = 0, numberAvailable = 0 } = status;
    return status.observedGeneration === metadata.generation && [desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled, numberAvailable].every((value) => value === count);
  });
  const text = await s.until(`kubectl get daemonset ${name}`, (out) => {
    const [found] = table(out);
    return found !== undefined && columns.every((column) => found[column] === String(count));
  });
  return table(text)[0] as Row;
}

/** The numbers of a DaemonSet's row, in the order of its columns. */
export function numbers(found: Row): number[] {
  return ["DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE"].map((column) => Number(found[column]));
}

function allReady(ready: string | undefined): boolean {
  const [is, of] = (ready ?? "").split("/");
  return is !== undefined && is === of;
}

/** One frame of a watch of Pods. */
export interface PodFrame {
  readonly event: string;
  readonly name: string;
  readonly node: string;
  readonly ready: boolean;
  readonly ending: boolean;
}

/** Starts a watch of Pods that `podFrames` reads. */
export function watchPods(s: Scenario, selection: string): Promise<Background> {
  const columns = ["EVENT:.type", "NAME:.object.metadata.name", "NODE:.object.spec.nodeName", 'READY:.object.status.conditions[?(@.type=="Ready")].status', "ENDING:.object.metadata.deletionTimestamp"];
  return s.background(`exec kubectl get pods ${selection} --watch --output-watch-events -o 'custom-columns=${columns.join(",")}'`);
}

export function podFrames(stdout: string): PodFrame[] {
  return stdout
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [event = "", name = "", node = "", ready = "", ending = ""] = line.split(/\s+/);
      return { event, name, node, ready: ready === "True", ending: ending !== "<none>" };
    });
}

/** What held after every frame of a roll-out. */
export interface Course {
  /** The most nodes at one time without a Ready Pod that is not ending. */
  readonly withoutMax: number;
  /** The most Pods that were on one node at one time. */
  readonly onNodeMax: number;
  readonly frames: readonly PodFrame[];
}

/** Replays a watch: from the moment at which every node had an available Pod. */
export function courseOf(stdout: string, nodes: number): Course {
  const frames = podFrames(stdout);
  const pods = new Map<string, PodFrame>();
  let begun = false;
  let withoutMax = 0;
  let onNodeMax = 0;
  for (const frame of frames) {
    if (frame.event === "DELETED") pods.delete(frame.name);
    else pods.set(frame.name, frame);
    const live = [...pods.values()];
    const covered = new Set(live.filter((pod) => pod.ready && !pod.ending).map((pod) => pod.node)).size;
    begun ||= covered === nodes;
    if (!begun) continue;
    withoutMax = Math.max(withoutMax, nodes - covered);
    const placed = live.filter((pod) => pod.node !== "<none>").map((pod) => pod.node);
    onNodeMax = Math.max(onNodeMax, ...placed.map((node) => placed.filter((other) => other === node).length));
  }
  return { withoutMax, onNodeMax, frames };
}
