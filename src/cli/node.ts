/** `coracle node`: machines at will, through their Machine objects. A machine off is a node whose heartbeats cease. */
import { isNodeReady } from "../api/core/node-ready.ts";
import type { Machine, MachineSpec } from "../api/sim/types.ts";
import type { Node, Taint } from "../api/types/core-v1.ts";
import type { ApiConnection } from "../node/api-connection.ts";
import { execOver } from "../node/exec-channels.ts";
import { Failure } from "../node/failure.ts";
import { UsageError } from "./arguments.ts";
import { inTime } from "./in-time.ts";
import { columns } from "./output.ts";
import type { Output } from "./output.ts";
import { objectOf, runningCluster, withConnection } from "./running.ts";

const machinesPath = "/apis/sim.coracle.dev/v1alpha1/machines";
const nodesPath = "/api/v1/nodes";
/** Machines answer within a second: one that takes this long has met something that time does not mend. */
const waitMs = 60_000;

/** `key=value` pairs of repeated flags. */
function parseLabels(texts: readonly string[]): { [key: string]: string } {
  return Object.fromEntries(
    texts.map((text) => {
      const match = /^([^=\s]+)=(\S*)$/.exec(text);
      if (!match) throw new UsageError(`--label takes key=value, not "${text}"`);
      return [match[1] as string, match[2] as string];
    }),
  );
}

/** `key=value:Effect` or `key:Effect`, as kubectl taint takes them. */
function parseTaints(texts: readonly string[]): Taint[] {
  return texts.map((text) => {
    const match = /^([^=:\s]+)(?:=([^:\s]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text);
    if (!match) throw new UsageError(`--taint takes key=value:NoSchedule, key=value:PreferNoSchedule or key=value:NoExecute, not "${text}"`);
    return { key: match[1] as string, ...(match[2] ? { value: match[2] } : {}), effect: match[3] as Taint["effect"] };
  });
}

/** Prints the machines of a cluster, each with the state of its node. */
export async function nodeList(name: string, output: Output): Promise<void> {
  await withConnection(runningCluster(name), async (connection) => {
    const machines = (objectOf(await connection.get(machinesPath), name) as { items: Machine[] }).items;
    const nodes = new Map((objectOf(await connection.get(nodesPath), name) as { items: Node[] }).items.map((node) => [node.metadata.name, node]));
    const rows = machines.map(({ metadata, spec, status }) => {
      const node = nodes.get(metadata.name);
      return [metadata.name, spec.power ?? "On", spec.network ?? "Connected", node ? (isNodeReady(node) ? "Ready" : "NotReady") : "<none>", status.address ?? "<none>"];
    });
    for (const line of columns([["MACHINE", "POWER", "NETWORK", "NODE", "ADDRESS"], ...rows])) output.line(line);
  });
}

/** Adds a machine and resolves when its node is Ready. */
export async function nodeAdd(name: string, options: { node?: string; label: readonly string[]; taint: readonly string[] }, output: Output): Promise<void> {
  const spec: MachineSpec = {
    ...(options.label.length > 0 ? { labels: parseLabels(options.label) } : {}),
    ...(options.taint.length > 0 ? { taints: parseTaints(options.taint) } : {}),
  };
  await withConnection(runningCluster(name), async (connection) => {
    const node = options.node ?? (await nextWorker(connection, name));
    const answer = await connection.create(machinesPath, { apiVersion: "sim.coracle.dev/v1alpha1", kind: "Machine", metadata: { name: node }, spec });
    if (answer.status === 409) throw new Failure(`cluster "${name}" has a machine "${node}" already: give another name, or none for the next worker`);
    objectOf(answer, name);
    const isThere = watched(connection, nodesPath, node, (object) => isNodeReady(object as Node));
    await inTime(isThere, waitMs, () => `machine "${node}" is there, but its node is not Ready after ${waitMs / 1000} s; \`coracle node list --name ${name}\` shows what there is`);
    output.line(`node ${node} is Ready`);
  });
}

/** `<cluster>-worker`, `-worker2`, …: the first that no machine has. */
async function nextWorker(connection: ApiConnection, name: string): Promise<string> {
  const taken = new Set((objectOf(await connection.get(machinesPath), name) as { items: Machine[] }).items.map((machine) => machine.metadata.name));
  for (let i = 1; ; i++) {
    const node = `${name}-worker${i === 1 ? "" : i}`;
    if (!taken.has(node)) return node;
  }
}

/** The machine and its Node; its Pods follow as those of any node that is gone. */
export async function nodeRemove(name: string, node: string, output: Output): Promise<void> {
  await withConnection(runningCluster(name), async (connection) => {
    known(await connection.delete(`${machinesPath}/${node}`), name, node);
    const answer = await connection.delete(`${nodesPath}/${node}`);
    if (answer.status !== 404) objectOf(answer, name);
    output.line(`node ${node} is removed`);
  });
}

/** Turns a machine on or off and resolves when it is. */
export async function nodePower(name: string, node: string, power: "On" | "Off", output: Output): Promise<void> {
  const cluster = runningCluster(name);
  await withConnection(cluster, async (connection) => {
    known(await connection.patch(`${machinesPath}/${node}`, { spec: { power } }), name, node);
    const isDone = watched(connection, machinesPath, node, (object) => (object as Machine).status.power === power);
    await inTime(isDone, waitMs, () => `machine "${node}" is not ${power} after ${waitMs / 1000} s`);
    const how = cluster.clock === "virtual" ? "when the cluster's time has moved 50 s on" : "in 50 s";
    output.line(power === "Off" ? `machine ${node} is off; its node will be NotReady ${how}` : `machine ${node} is on`);
  });
}

/**
 * A shell on the machine itself, or one command there; resolves with its exit code. On a terminal it is an interactive one; a command
 * is given stdin only when asked (`-i`), as with kubectl exec. With a virtual clock a command that sleeps waits until somebody moves
 * the time.
 */
export async function nodeShell(name: string, node: string, options: { command: readonly string[]; takesStdin: boolean }): Promise<number> {
  const cluster = runningCluster(name);
  await withConnection(cluster, async (connection) => known(await connection.get(`${machinesPath}/${node}`), name, node));
  const { stdin, stdout, stderr } = process;
  const { command } = options;
  const takesStdin = options.takesStdin || command.length === 0;
  const isTerminal = Boolean(stdin.isTTY && stdout.isTTY) && command.length === 0;
  const query = [...command.map((word) => `command=${encodeURIComponent(word)}`), `stdin=${takesStdin}`, "stdout=true", `stderr=${!isTerminal}`, `tty=${isTerminal}`].join("&");
  if (isTerminal) stdin.setRawMode(true);
  try {
    return await execOver(cluster.access, `${machinesPath}/${node}/exec?${query}`, {
      ...(takesStdin ? { stdin } : {}),
      stdout,
      stderr,
      ...(isTerminal ? { size: () => ({ width: stdout.columns, height: stdout.rows }) } : {}),
    });
  } finally {
    if (isTerminal) stdin.setRawMode(false);
  }
}

function known(answer: { status: number; body: unknown }, cluster: string, node: string): unknown {
  if (answer.status === 404) throw new Failure(`cluster "${cluster}" has no machine "${node}"; \`coracle node list --name ${cluster}\` shows what there is`);
  return objectOf(answer, cluster);
}

/** Resolves when the object is as asked; a watch begins with what is there. */
async function watched(connection: ApiConnection, collection: string, name: string, enough: (object: unknown) => boolean): Promise<void> {
  for (;;) {
    for await (const event of connection.watch(`${collection}?watch=true&fieldSelector=metadata.name%3D${name}`)) {
      if (event.type !== "DELETED" && enough(event.object)) return;
    }
  }
}
