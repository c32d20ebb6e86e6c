import { cronJobs, daemonSets, events, jobs, namespaces } from "../../src/api/kinds.ts";
import type { KindRef, KubeObject } from "../../src/api/kind-ref.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";
import { normalise, sortedLines } from "./normalise.ts";
import type { RecordedEvent, Recording, Step } from "./recording.ts";

/** Compares what a replay gave with what was recorded, with everything taken out that the recordings' README says varies. */

/** One thing compared: `step 12`, `events`, `statuses DaemonSet/agent`. */
export interface Finding {
  readonly what: string;
  readonly met: boolean;
  readonly expected: string;
  readonly got: string;
}

interface Printed {
  readonly exit?: number | null;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Rows of topics that were recorded side by side with this one. */
const foreignRow = /^(namespace\/)?(E\d\d|apply-diff|cordon-drain|cronjob|daemonset|delete-wait|deployment|describe|discovery|edit-verbs|errors|generators|get-output-forms|job|replicaset|scheduling|services|statefulset|pod-status)(-[a-z0-9-]+)? /;

function withoutForeignRows(text: string, own: string): string {
  return text.split("\n").filter((line) => !foreignRow.test(line) || line.startsWith(own)).join("\n");
}

export function judgeStep(step: Step, got: Printed): Finding {
  const argv = step.argv ?? [];
  const isTable = argv[0] === "get" && !/(-o|--output)[ =]?(yaml|json|go-template)/.test(argv.join(" "));
  const form = (one: Printed): string => {
    let stdout = normalise(one.stdout ?? "");
    if (isTable) stdout = sortedLines(withoutForeignRows(stdout, step.ns ?? "default"));
    if (argv[0] === "describe") stdout = withEventsSorted(stdout).trimEnd().split("\n\n\n").sort().join("\n\n\n");
    if (argv[0] === "get") stdout = listSorted(stdout);
    if (argv[0] === "explain") stdout = withoutTexts(stdout);
    if (argv[0] === "delete" || argv.includes("--list")) stdout = sortedLines(stdout);
    // One line per watch frame: what matters is which lines there are, not how often.
    if (argv[0] === "rollout") stdout = [...new Set(stdout.split("\n"))].join("\n");
    if (argv[0] === "api-resources") stdout = withoutOwnKinds(stdout);
    // kubectl remarks on a watch that its own time-out ended, if it comes to it.
    const stderr = normalise(one.stderr ?? "").replace(/^I <stamp> reflector\.go.*\n/gm, "");
    // What kubectl logs of itself begins with a map in no order.
    return `exit ${one.exit}\n${stdout}\n--- stderr\n${argv.some((arg) => arg.startsWith("-v=")) ? sortedLines(stderr) : stderr}`;
  };
  const expected = form(step);
  const actual = form(got);
  return { what: `step ${step.n}`, met: expected === actual, expected: `kubectl ${argv.join(" ")}\n${expected}`, got: actual };
}

/** Events of things done at once come in any order: neighbours of one reason are sorted. */
function withEventsSorted(text: string): string {
  const reasonOf = (line: string | undefined): string => (line === undefined ? "" : (/^ +(?:Normal|Warning) +(\S+) /.exec(line)?.[1] ?? ""));
  const lines = text.split("\n");
  for (let from = 0; from < lines.length; from++) {
    const reason = reasonOf(lines[from]);
    if (reason === "") continue;
    let to = from + 1;
    while (reasonOf(lines[to]) === reason) to++;
    lines.splice(from, to - from, ...lines.slice(from, to).sort());
    from = to - 1;
  }
  return lines.join("\n");
}

/** Objects of one list: their order follows names, of which some are drawn. */
function listSorted(text: string): string {
  const [head = "", ...objects] = text.split(/\n(?=- (?:apiVersion|kind|metadata|spec|status):)/);
  const last = objects.pop();
  if (last === undefined) return text;
  // What follows the last object belongs to the list.
  const end = /\n(?![\s-])[\s\S]*$/.exec(last);
  objects.push(end === null ? last : last.slice(0, end.index));
  return `${[head, ...objects.sort()].join("\n")}${end?.[0] ?? ""}`;
}

/** Machines and the clock of the simulation are no kinds of Kubernetes. */
function withoutOwnKinds(text: string): string {
  return text.split("\n").filter((line) => !line.includes("sim.coracle.dev")).join("\n");
}

/** `explain` with field names and types; texts are everybody's own and stand as one mark in the recordings. */
function withoutTexts(text: string): string {
  const isStructure = (line: string): boolean => line === "" || /^[A-Z]+:/.test(line) || /^ *[A-Za-z$]\S*\s<[^>]*>/.test(line) || /^ *enum: /.test(line);
  return text
    .split("\n")
    .map((line) => (isStructure(line) ? line.trim() : "<text>"))
    .filter((line) => line !== "")
    .filter((line, i, all) => line !== "<text>" || all[i - 1] !== "<text>")
    .join("\n");
}

export async function judgeEvents(cluster: NodeCluster, recorded: Recording): Promise<Finding[]> {
  if (!recorded.events) return [];
  const line = (event: RecordedEvent): string => normalise(`${event.involvedObject.kind}/${event.involvedObject.name} ${event.type} ${event.reason} ${event.message.replace("(combined from similar events): ", "")}`);
  const own = ownNamespaces(recorded);
  const got = (await cluster.client.list(events)).items.filter((event) => own.has(event.metadata.namespace ?? ""));
  // Nodes belong to no topic.
  const ofNode = (event: RecordedEvent): boolean => event.involvedObject.kind === "Node";
  const unique = (list: readonly RecordedEvent[]): string => [...new Set(list.filter((event) => !ofNode(event)).map(line))].sort().join("\n");
  const expected = unique(recorded.events);
  const actual = unique(got as unknown as readonly RecordedEvent[]);
  return [{ what: "events", met: expected === actual, expected, got: actual }];
}

function ownNamespaces(recorded: Recording): ReadonlySet<string> {
  return new Set(recorded.steps.flatMap((step) => (step.argv ? [step.ns ?? "default"] : [])));
}

const judged: readonly KindRef[] = [daemonSets, jobs, cronJobs, namespaces];

/** A status as it was shown at an instant: seconds of the topic. */
interface Shown {
  readonly t: number;
  readonly type: string;
  readonly line: string;
}

/** Where a recording may have ended beside its last frame. */
const endSlackSeconds = [0, -0.05, 0.05, -0.1, 0.1, Infinity];

/** The order of status changes of the objects of the judged kinds. */
export class Statuses {
  private readonly sequences = new Map<string, Shown[]>();

  constructor(cluster: NodeCluster, start: number) {
    for (const kind of judged) {
      cluster.client.watch(kind, { resourceVersion: "0" }, {
        event: (event) => {
          if (event.type !== "BOOKMARK" && event.type !== "DELETED") note(this.sequences, event.type, kind.kind, event.object, (cluster.now() - start) / 1000);
        },
        ended: () => undefined,
      });
    }
  }

  judge(recorded: Recording): Finding[] {
    const expected = new Map<string, Shown[]>();
    const kinds = new Set(judged.map((kind) => kind.kind));
    const own = ownObjects(recorded);
    for (const { t, type, kind, object } of recorded.watch) if (kinds.has(kind) && type !== "DELETED" && own(kind, object)) note(expected, type, kind, object, t);
    const end = recorded.watch.at(-1)?.t ?? 0;
    return [...expected].map(([name, shown]) => {
      const text = essence(name, shown);
      const seen = this.sequences.get(name) ?? [];
      // Some recordings began to watch later.
      const all = shown[0]?.type === "ADDED" ? seen : seen.slice(seen.findIndex(({ line }) => line === shown[0]?.line));
      // The recorder went away soon after the last step, in the middle of what happened then; here a second passes.
      const ends = endSlackSeconds.map((slack) => essence(name, all.filter(({ t }) => t <= end + slack)));
      const actual = ends.includes(text) ? text : essence(name, all);
      return { what: `statuses ${name}`, met: text === actual, expected: text, got: actual };
    });
  }
}

/** Other topics were recorded at the same time: a Namespace is the topic's own when its commands name it. */
function ownObjects(recorded: Recording): (kind: string, object: KubeObject) => boolean {
  const text = recorded.steps.map((step) => [...(step.argv ?? []), step.stdin ?? "", ...Object.values(step.files ?? {})].join(" ")).join("\n");
  const words = new Set(text.split(/[^a-z0-9.-]+/));
  const own = ownNamespaces(recorded);
  return (kind, object) => {
    if (kind === namespaces.kind) return words.has(object.metadata.name);
    const owner = object.metadata.ownerReferences?.[0]?.name;
    return own.has(object.metadata.namespace ?? "") ? words.has(object.metadata.name) || (owner !== undefined && words.has(owner)) : words.has(object.metadata.namespace ?? "");
  };
}

function note(sequences: Map<string, Shown[]>, type: string, kind: string, object: KubeObject & { status?: object }, t: number): void {
  if (isLag(kind, object.status)) return;
  const name = normalise(`${kind}/${object.metadata.name}`);
  const line = normalise(JSON.stringify(object.status ?? {}));
  let sequence = sequences.get(name);
  if (!sequence) sequences.set(name, (sequence = []));
  if (sequence.at(-1)?.line !== line) sequence.push({ t, type, line });
}

/**
 * Frames in which a DaemonSet has fewer Pods than nodes: upstream's view lags behind its own creations and deletions, differently in every
 * run; here a controller sees its own writes.
 */
function isLag(kind: string, status: { currentNumberScheduled?: number; desiredNumberScheduled?: number } | undefined): boolean {
  return kind === daemonSets.kind && (status?.currentNumberScheduled ?? 0) < (status?.desiredNumberScheduled ?? 0);
}

/** What of a sequence does not depend on which Pods happened to change together. */
function essence(name: string, shown: readonly Shown[]): string {
  const lines = withoutTransit(shown.map(({ line }) => line));
  return (name.startsWith(`${daemonSets.kind}/`) ? turningPoints(lines) : lines).join("\n");
}

/** Counts that pass through every value in between, or skip some, as Pods happen to become ready together. */
const readiness = /"(numberReady|numberAvailable|numberUnavailable|ready)":\d+,?/g;

/** Of frames in a row that differ in nothing but readiness the first and the last. */
function withoutTransit(lines: readonly string[]): string[] {
  const bare = lines.map((line) => line.replace(readiness, ""));
  return lines.filter((_, i) => i === 0 || bare[i] !== bare[i - 1] || bare[i] !== bare[i + 1]);
}

const counts = ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable", "numberUnavailable"] as const;
type Counts = { readonly [name: string]: number | undefined };

/** Leaves out frames that lie in every count between the frame before and the frame after: two Pods ended one after the other. */
function turningPoints(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (const [i, line] of lines.entries()) {
    const [before, after] = [kept.at(-1), lines[i + 1]];
    if (before === undefined || after === undefined || !isBetween(JSON.parse(line) as Counts, JSON.parse(before) as Counts, JSON.parse(after) as Counts)) kept.push(line);
  }
  return kept;
}

function isBetween(frame: Counts, before: Counts, after: Counts): boolean {
  if (frame["observedGeneration"] !== before["observedGeneration"] || frame["observedGeneration"] !== after["observedGeneration"]) return false;
  return counts.every((name) => {
    const [value, a, b] = [frame[name] ?? 0, before[name] ?? 0, after[name] ?? 0];
    return Math.min(a, b) <= value && value <= Math.max(a, b);
  });
}
