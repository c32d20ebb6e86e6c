import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseTime } from "../../src/base/time.ts";
import { daemonSets, events, namespaces } from "../../src/api/kinds.ts";
import { cronJobs, jobs } from "../../src/api/kinds.ts";
import type { KindRef, KubeObject } from "../../src/api/kind-ref.ts";
import { createCluster } from "../../src/node/create-cluster.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";
import { kubectlPath } from "../kubectl/kubectl.ts";
import { paced } from "../kubectl/paced.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { FakeKubelets } from "./fake-kubelets.ts";
import { normalise, sortedLines } from "./normalise.ts";
import { PodNames } from "./pod-names.ts";

/**
 * Replays a recorded topic: the same commands of the real kubectl at the same instants of the cluster's time, with the kubelet's part played
 * as in the recording, and compares what was printed, which events there are at the end, and the order of status changes.
 */
interface Step {
  readonly n: number;
  readonly argv?: readonly string[];
  readonly stdin?: string | null;
  readonly files?: { readonly [name: string]: string };
  readonly exit?: number | null;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly ns?: string;
  readonly t: number;
  readonly note?: string;
  readonly background?: boolean;
  readonly killed_after_s?: number;
}

interface Recorded {
  readonly steps: readonly Step[];
  readonly events: readonly { involvedObject: { kind: string; name: string }; type: string; reason: string; message: string }[];
  readonly watch: readonly { type: string; kind: string; object: KubeObject & { status?: object } }[];
}

/** One thing compared: `step 12`, `events`, `statuses DaemonSet/agent`. */
export interface Finding {
  readonly what: string;
  readonly met: boolean;
  readonly expected: string;
  readonly got: string;
}

const folder = join(import.meta.dirname, "recorded");

function read(topic: string): Recorded {
  const file = (name: string): string => {
    const path = join(folder, topic, name);
    if (existsSync(path)) return readFileSync(path, "utf8");
    return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)).toString() : "";
  };
  const lines = (text: string): unknown[] => text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as unknown);
  const listed = file("events.json");
  return {
    steps: lines(file("steps.jsonl")) as Step[],
    watch: lines(file("watch.jsonl")) as Recorded["watch"],
    events: listed === "" ? [] : (JSON.parse(listed) as { items: Recorded["events"] }).items,
  };
}

/** Notes of the recorder that stand for something done to a node. */
async function play(note: string, kubelets: FakeKubelets): Promise<void> {
  if (/(adds|makes) node learning-worker4/.test(note)) await kubelets.addNode("learning-worker4");
  else if (/makes learning-worker4 again/.test(note)) await kubelets.addNode("learning-worker4", { managed: false });
  else if (/heartbeat of learning-worker3 stops/.test(note)) kubelets.silence("learning-worker3");
  else if (/heartbeat starts again/.test(note)) await kubelets.revive("learning-worker3");
}

const judged: readonly KindRef[] = [daemonSets, jobs, cronJobs, namespaces];

/** A Pod's or Job's status as one line without what varies. */
function statusLine(object: { status?: object }): string {
  return normalise(JSON.stringify(object.status ?? {}));
}

/**
 * Frames in which a DaemonSet has fewer Pods than nodes: upstream's view lags behind its own creations and deletions, differently in every
 * run; here a controller sees its own writes.
 */
function isLag(kind: string, status: { currentNumberScheduled?: number; desiredNumberScheduled?: number } | undefined): boolean {
  return kind === "DaemonSet" && (status?.currentNumberScheduled ?? 0) < (status?.desiredNumberScheduled ?? 0);
}

function pushNew(sequences: Map<string, string[]>, name: string, line: string): void {
  let sequence = sequences.get(name);
  if (!sequence) sequences.set(name, (sequence = []));
  if (sequence.at(-1) !== line) sequence.push(line);
}

/** Counts that pass through every value in between, or skip some, as Pods happen to become ready together. */
const readiness = /"(numberReady|numberAvailable|numberUnavailable|ready)":\d+,?/g;

/** Of frames in a row that differ in nothing but readiness the first and the last. */
function withoutTransit(lines: readonly string[]): string[] {
  const bare = lines.map((line) => line.replace(readiness, ""));
  return lines.filter((_, i) => i === 0 || bare[i] !== bare[i - 1] || bare[i] !== bare[i + 1]);
}

export async function replay(topic: string): Promise<readonly Finding[]> {
  const recorded = read(topic);
  const home = mkdtempSync(join(tmpdir(), "coracle-replay-"));
  const began = recorded.watch.map((line) => parseTime(line.object.metadata.creationTimestamp)).find((time) => time !== undefined);
  const first = recorded.watch[0] as { t?: number } | undefined;
  // The instant matters where minutes do: ticks of CronJobs.
  const start = began === undefined ? Date.UTC(2026, 10, 21, 10) : began - Math.floor((first?.t ?? 0) * 1000);
  const cluster = await createCluster({ name: "learning", nodes: 0, now: start - 60_000 });
  const kubelets = new FakeKubelets(cluster);
  const background: ChildProcess[] = [];
  try {
    await kubelets.addNode("learning-control-plane", { controlPlane: true });
    for (const name of ["learning-worker", "learning-worker2", "learning-worker3"]) await kubelets.addNode(name);
    // The recorded cluster had none of the DaemonSets of kube-system.
    for (const name of ["kube-proxy", "coracle-net"]) await cluster.client.delete(daemonSets, { namespace: "kube-system", name });
    await cluster.advance(60_000);
    const { kubeconfig } = await cluster.listen();
    const statuses = watchStatuses(cluster);
    const names = new PodNames(cluster, recorded.watch.filter((line) => line.type === "ADDED" && line.kind === "Pod").map((line) => line.object as unknown as Pod));
    const findings: Finding[] = [];
    const made = new Set<string>();
    let lastRestart = 0;
    for (const asRecorded of recorded.steps) {
      const step = asRecorded.argv ? { ...asRecorded, argv: asRecorded.argv.map((arg) => names.translate(arg)) } : asRecorded;
      const at = start + Math.round(step.t * 1000);
      if (cluster.now() < at) await cluster.advance(at - cluster.now());
      if (step.note !== undefined) await play(step.note, kubelets);
      if (!step.argv) continue;
      if (step.ns !== undefined && step.ns !== "default" && !made.has(step.ns)) {
        made.add(step.ns);
        await cluster.client.create(namespaces, { metadata: { name: step.ns } });
        await cluster.settle();
      }
      if (step.argv[0] === "rollout" && step.argv[1] === "restart") lastRestart = await nextSecond(lastRestart);
      const child = launch(step, home, kubeconfig);
      if (step.background) background.push(child);
      else if (step.killed_after_s !== undefined) await hang(child, cluster, step.killed_after_s * 1000);
      else findings.push(judge(step, await paced(child, cluster, { blockingMs: 300, moveMs: 100, pauseMs: 8, commandMsMax: 30_000 })));
    }
    const last = recorded.steps.at(-1);
    if (last) await cluster.advance(1000);
    findings.push(await judgeEvents(cluster, recorded));
    findings.push(...judgeStatuses(statuses, recorded));
    return findings;
  } finally {
    for (const child of background) child.kill("SIGKILL");
    kubelets.stop();
    await cluster.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** kubectl stamps a restart with the host's second; two within one would be the same. */
async function nextSecond(last: number): Promise<number> {
  const wait = (Math.floor(last / 1000) + 1) * 1000 - Date.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  return Date.now();
}

function launch(step: Step, home: string, kubeconfig: string): ChildProcess {
  for (const [name, text] of Object.entries(step.files ?? {})) {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const path = join(home, `config-${step.ns ?? "default"}`);
  if (!existsSync(path)) {
    // The context of the recording.
    const renamed = kubeconfig.replaceAll("coracle-learning", "kind-learning");
    writeFileSync(path, step.ns === undefined || step.ns === "default" ? renamed : renamed.replace(/^( +)(user: .*)$/m, `$1$2\n$1namespace: ${step.ns}`), { mode: 0o600 });
  }
  const child = spawn(kubectlPath, step.argv ?? [], { cwd: home, env: { HOME: home, KUBECONFIG: path, TZ: "UTC", PATH: process.env["PATH"] ?? "" } });
  child.stdin.on("error", () => undefined);
  child.stdin.end(step.stdin ?? "");
  return child;
}

/** A command that did not end in the recording either: time goes on as long as it was waited for. */
async function hang(child: ChildProcess, cluster: NodeCluster, ms: number): Promise<void> {
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await cluster.advance(ms);
  child.kill("SIGKILL");
  await ended;
}

/** Rows of topics that were recorded side by side with this one. */
const foreignRow = /^(namespace\/)?(E\d\d|apply-diff|cordon-drain|cronjob|daemonset|delete-wait|deployment|describe|discovery|edit-verbs|errors|generators|get-output-forms|job|replicaset|scheduling|services|statefulset|pod-status)(-[a-z0-9-]+)? /;

function withoutForeignRows(text: string, own: string): string {
  return text.split("\n").filter((line) => !foreignRow.test(line) || line.startsWith(own)).join("\n");
}

function judge(step: Step, got: { exit: number | null; stdout: string; stderr: string }): Finding {
  const argv = step.argv ?? [];
  const isTable = argv[0] === "get" && !/(-o|--output)[ =]?(yaml|json|go-template)/.test(argv.join(" "));
  const form = (one: { exit?: number | null; stdout?: string; stderr?: string }): string => {
    const printed = normalise(one.stdout ?? "");
    const stdout = isTable ? withoutForeignRows(printed, step.ns ?? "default") : printed;
    return `exit ${one.exit}\n${isTable || ["delete", "rollout"].includes(argv[0] ?? "") ? sortedLines(stdout) : stdout}\n--- stderr\n${normalise(one.stderr ?? "")}`;
  };
  const expected = form(step);
  const actual = form(got);
  return { what: `step ${step.n}`, met: expected === actual, expected: `kubectl ${argv.join(" ")}\n${expected}`, got: actual };
}

async function judgeEvents(cluster: NodeCluster, recorded: Recorded): Promise<Finding> {
  const line = (event: Recorded["events"][number]): string => normalise(`${event.involvedObject.kind}/${event.involvedObject.name} ${event.type} ${event.reason} ${event.message.replace("(combined from similar events): ", "")}`);
  const own = new Set(recorded.steps.map((step) => step.ns ?? "default"));
  const got = (await cluster.client.list(events)).items.filter((event) => own.has(event.metadata.namespace ?? ""));
  // The recording's nodes had registered long before.
  const registered = (event: Recorded["events"][number]): boolean => event.reason === "RegisteredNode";
  const unique = (lines: readonly string[]): string => [...new Set(lines)].sort().join("\n");
  const expected = unique(recorded.events.filter((event) => !registered(event)).map(line));
  const actual = unique((got as unknown as Recorded["events"]).filter((event) => !registered(event)).map(line));
  return { what: "events", met: expected === actual, expected, got: actual };
}

function watchStatuses(cluster: NodeCluster): Map<string, string[]> {
  const sequences = new Map<string, string[]>();
  for (const kind of judged) {
    cluster.client.watch(kind, { resourceVersion: "0" }, {
      event: (event) => {
        const { status } = event.object as { status?: object };
        if (event.type !== "BOOKMARK" && event.type !== "DELETED" && !isLag(kind.kind, status)) pushNew(sequences, normalise(`${kind.kind}/${event.object.metadata.name}`), statusLine(event.object as { status?: object }));
      },
      ended: () => undefined,
    });
  }
  return sequences;
}

function judgeStatuses(got: ReadonlyMap<string, string[]>, recorded: Recorded): Finding[] {
  const expected = new Map<string, string[]>();
  const kinds = new Set(judged.map((kind) => kind.kind));
  for (const { type, kind, object } of recorded.watch) {
    if (kinds.has(kind) && type !== "DELETED" && !isLag(kind, object.status)) pushNew(expected, normalise(`${kind}/${object.metadata.name}`), statusLine(object));
  }
  return [...expected].map(([name, lines]) => {
    const text = withoutTransit(lines).join("\n");
    const actual = withoutTransit(got.get(name) ?? []).join("\n");
    return { what: `statuses ${name}`, met: text === actual, expected: text, got: actual };
  });
}
