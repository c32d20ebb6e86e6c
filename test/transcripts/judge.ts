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
    if (argv[0] === "delete") stdout = sortedLines(stdout);
    // One line per watch frame: what matters is which lines there are, not how often.
    if (argv[0] === "rollout") stdout = [...new Set(stdout.split("\n"))].join("\n");
    return `exit ${one.exit}\n${stdout}\n--- stderr\n${normalise(one.stderr ?? "")}`;
  };
  const expected = form(step);
  const actual = form(got);
  return { what: `step ${step.n}`, met: expected === actual, expected: `kubectl ${argv.join(" ")}\n${expected}`, got: actual };
}

export async function judgeEvents(cluster: NodeCluster, recorded: Recording): Promise<Finding> {
  const line = (event: RecordedEvent): string => normalise(`${event.involvedObject.kind}/${event.involvedObject.name} ${event.type} ${event.reason} ${event.message.replace("(combined from similar events): ", "")}`);
  const own = new Set(recorded.steps.map((step) => step.ns ?? "default"));
  const got = (await cluster.client.list(events)).items.filter((event) => own.has(event.metadata.namespace ?? ""));
  // The recording's nodes had registered long before.
  const registered = (event: RecordedEvent): boolean => event.reason === "RegisteredNode";
  const unique = (list: readonly RecordedEvent[]): string => [...new Set(list.filter((event) => !registered(event)).map(line))].sort().join("\n");
  const expected = unique(recorded.events);
  const actual = unique(got as unknown as readonly RecordedEvent[]);
  return { what: "events", met: expected === actual, expected, got: actual };
}

const judged: readonly KindRef[] = [daemonSets, jobs, cronJobs, namespaces];

/** The order of status changes of the objects of the judged kinds. */
export class Statuses {
  private readonly sequences = new Map<string, string[]>();

  constructor(cluster: NodeCluster) {
    for (const kind of judged) {
      cluster.client.watch(kind, { resourceVersion: "0" }, {
        event: (event) => {
          if (event.type !== "BOOKMARK" && event.type !== "DELETED") note(this.sequences, kind.kind, event.object);
        },
        ended: () => undefined,
      });
    }
  }

  judge(recorded: Recording): Finding[] {
    const expected = new Map<string, string[]>();
    const kinds = new Set(judged.map((kind) => kind.kind));
    const own = ownObjects(recorded);
    for (const { type, kind, object } of recorded.watch) if (kinds.has(kind) && type !== "DELETED" && own(kind, object)) note(expected, kind, object);
    return [...expected].map(([name, lines]) => {
      const text = withoutTransit(lines).join("\n");
      const actual = withoutTransit(this.sequences.get(name) ?? []).join("\n");
      return { what: `statuses ${name}`, met: text === actual, expected: text, got: actual };
    });
  }
}

/** Other topics were recorded at the same time: a Namespace is the topic's own when its commands name it. */
function ownObjects(recorded: Recording): (kind: string, object: KubeObject) => boolean {
  const text = recorded.steps.map((step) => [...(step.argv ?? []), step.stdin ?? "", ...Object.values(step.files ?? {})].join(" ")).join("\n");
  const words = new Set(text.split(/[^a-z0-9.-]+/));
  const own = new Set(recorded.steps.map((step) => step.ns ?? "default"));
  return (kind, object) => {
    if (kind === namespaces.kind) return words.has(object.metadata.name);
    const owner = object.metadata.ownerReferences?.[0]?.name;
    return own.has(object.metadata.namespace ?? "") ? words.has(object.metadata.name) || (owner !== undefined && words.has(owner)) : words.has(object.metadata.namespace ?? "");
  };
}

function note(sequences: Map<string, string[]>, kind: string, object: KubeObject & { status?: object }): void {
  if (isLag(kind, object.status)) return;
  const name = normalise(`${kind}/${object.metadata.name}`);
  const line = normalise(JSON.stringify(object.status ?? {}));
  let sequence = sequences.get(name);
  if (!sequence) sequences.set(name, (sequence = []));
  if (sequence.at(-1) !== line) sequence.push(line);
}

/**
 * Frames in which a DaemonSet has fewer Pods than nodes: upstream's view lags behind its own creations and deletions, differently in every
 * run; here a controller sees its own writes.
 */
function isLag(kind: string, status: { currentNumberScheduled?: number; desiredNumberScheduled?: number } | undefined): boolean {
  return kind === daemonSets.kind && (status?.currentNumberScheduled ?? 0) < (status?.desiredNumberScheduled ?? 0);
}

/** Counts that pass through every value in between, or skip some, as Pods happen to become ready together. */
const readiness = /"(numberReady|numberAvailable|numberUnavailable|ready)":\d+,?/g;

/** Of frames in a row that differ in nothing but readiness the first and the last. */
function withoutTransit(lines: readonly string[]): string[] {
  const bare = lines.map((line) => line.replace(readiness, ""));
  return lines.filter((_, i) => i === 0 || bare[i] !== bare[i - 1] || bare[i] !== bare[i + 1]);
}
