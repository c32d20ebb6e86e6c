import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatTime } from "../../src/base/time.ts";
import { daemonSets, deployments, events, namespaces, services } from "../../src/api/kinds.ts";
import type { KubeObject } from "../../src/api/kind-ref.ts";
import type { Pod } from "../../src/api/types/core-v1.ts";
import { createCertificates } from "../../src/node/certificates.ts";
import { createCluster } from "../../src/node/create-cluster.ts";
import type { NodeCluster } from "../../src/node/create-cluster.ts";
import { silentLog } from "../../src/node/file-log.ts";
import { listenHttps } from "../../src/node/https-server.ts";
import { kubeconfigText } from "../../src/node/kubeconfig.ts";
import { goEnvironment, kubectlPath } from "../kubectl/kubectl.ts";
import { FakeKubelets } from "./fake-kubelets.ts";
import { judgeObjects } from "./final-objects.ts";
import { Statuses, judgeEvents, judgeStep } from "./judge.ts";
import type { Finding } from "./judge.ts";
import { Instants } from "./instants.ts";
import { ObservedServer } from "../kubectl/observed-server.ts";
import { runPaced } from "./pace.ts";
import { PodNames } from "./pod-names.ts";
import { readRecording } from "./recording.ts";
import type { Recording, Step } from "./recording.ts";

/**
 * Replays a recorded topic: the same commands of the real kubectl at the same instants of the cluster's time, with the kubelet's part played
 * as in the recording, and compares what was printed, which events there are at the end, and the order of status changes. Watches that
 * ran beside the commands are not started: the order of status changes says the same without the chance of what came together.
 */
export async function replay(topic: string): Promise<readonly Finding[]> {
  const recording = readRecording(topic);
  const instants = new Instants(recording);
  const { start } = instants;
  const cluster = await createCluster({ name: "learning", nodes: 0, now: start - 61_000 });
  const names = new PodNames(cluster, recording);
  const kubelets = new FakeKubelets(cluster, (pod: Pod) => names.timesOf(pod));
  const home = mkdtempSync(join(tmpdir(), "coracle-replay-"));
  const restarts = restartTimes(recording);
  const server = new ObservedServer(cluster.server, () => restarts.shift() ?? formatTime(cluster.now()));
  const certificates = createCertificates();
  const listener = await listenHttps({ server, certificates, log: silentLog, futureMsMax: 0 });
  const access = { url: listener.url, authority: certificates.authority.certificate, certificate: certificates.admin.certificate, key: certificates.admin.key };
  // The context of the recording.
  const kubeconfig = kubeconfigText("kind-learning", access);
  try {
    await prepare(cluster, kubelets);
    const statuses = new Statuses(cluster, start);
    const findings: Finding[] = [];
    const made = new Set<string>(["default"]);
    for (const step of recording.steps) {
      const begin = start + Math.round(step.t * 1000);
      if (step.note !== undefined) await reach(cluster, begin).then(() => play(step.note ?? "", kubelets));
      if (!step.argv || step.background) continue;
      await reach(cluster, begin + instants.leadMs(step));
      if (step.ns !== undefined && !made.has(step.ns)) {
        made.add(step.ns);
        await cluster.client.create(namespaces, { metadata: { name: step.ns } });
        await cluster.settle();
      }
      const child = launch(step, (text) => names.translate(text), home, kubeconfig);
      if (step.killed_after_s !== undefined) await hang(child, cluster, step.killed_after_s * 1000);
      else findings.push(judgeStep(step, await runPaced(child, { cluster, server, endedAt: begin + (step.ms ?? 0), timedOut: hasTimedOut(step), polls: polling.has(step.argv[0] ?? "") })));
    }
    findings.push(...(await judgeObjects(cluster, recording)), ...(await judgeEvents(cluster, recording)), ...statuses.judge(recording));
    return findings;
  } finally {
    kubelets.stop();
    await listener.close();
    await cluster.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** The instants that `rollout restart` wrote into templates, in order: their hashes follow from them. */
function restartTimes(recording: Recording): string[] {
  const found = new Set<string>();
  for (const { object } of recording.watch) {
    const { spec } = object as { spec?: { template?: { metadata?: { annotations?: { [key: string]: string } } } } };
    const time = spec?.template?.metadata?.annotations?.["kubectl.kubernetes.io/restartedAt"];
    if (time !== undefined) found.add(time);
  }
  return [...found];
}

async function prepare(cluster: NodeCluster, kubelets: FakeKubelets): Promise<void> {
  // The recorded cluster had nothing in kube-system.
  for (const kind of [daemonSets, deployments, services] as const) {
    for (const { metadata } of (await cluster.client.list<KubeObject>(kind, { namespace: "kube-system" })).items) await cluster.client.delete(kind, metadata);
  }
  await cluster.advance(1000);
  await kubelets.addNode("learning-control-plane", { controlPlane: true });
  for (const name of ["learning-worker", "learning-worker2", "learning-worker3"]) await kubelets.addNode(name);
  await cluster.advance(60_000);
  // Its nodes had registered long before.
  for (const namespace of ["default", "kube-system"]) await cluster.client.deleteCollection(events, { namespace });
}

async function reach(cluster: NodeCluster, instant: number): Promise<void> {
  if (cluster.now() < instant) await cluster.advance(instant - cluster.now());
}

const polling = new Set(["drain", "scale"]);

function hasTimedOut(step: Step): boolean {
  return step.exit !== 0 && (step.argv ?? []).some((arg) => arg.startsWith("--timeout"));
}

/** Notes of the recorder that stand for something done to a node. */
async function play(note: string, kubelets: FakeKubelets): Promise<void> {
  if (/(adds|makes) node learning-worker4/.test(note)) await kubelets.addNode("learning-worker4");
  else if (/makes learning-worker4 again/.test(note)) await kubelets.addNode("learning-worker4", { managed: false });
  else if (/heartbeat of learning-worker3 stops/.test(note)) kubelets.silence("learning-worker3");
  else if (/heartbeat starts again/.test(note)) await kubelets.revive("learning-worker3");
}

/** A long time-out that ran out in the recording is the host's time: a short one says the same. */
const timeoutSecondsMax = 3;

/** Starts a recorded command; `translate` puts our names for drawn ones. */
function launch(step: Step, translate: (text: string) => string, home: string, kubeconfig: string): ChildProcess {
  const argv = (step.argv ?? []).map(translate);
  for (const [name, text] of Object.entries(step.files ?? {})) {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const path = join(home, `config-${step.ns ?? "default"}`);
  if (!existsSync(path)) {
    writeFileSync(path, step.ns === undefined || step.ns === "default" ? kubeconfig : kubeconfig.replace(/^( +)(user: .*)$/m, `$1$2\n$1namespace: ${step.ns}`), { mode: 0o600 });
  }
  const shortened = hasTimedOut(step) ? argv.map((arg) => arg.replace(/^--timeout=(\d+)s$/, (_, seconds: string) => `--timeout=${Math.min(Number(seconds), timeoutSecondsMax)}s`)) : argv;
  const child = spawn(kubectlPath, shortened, { cwd: home, env: { ...goEnvironment, HOME: home, KUBECONFIG: path, TZ: "UTC", PATH: process.env["PATH"] ?? "" } });
  child.stdin.on("error", () => undefined);
  child.stdin.end(translate(step.stdin ?? ""));
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
