import type { Figure } from "./figures.ts";
import { median } from "./figures.ts";
import { ask, bare, pssMb, up } from "./processes.ts";

const runs = 5;

const pod = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: { containers: [{ name: "c", image: "busybox", command: ["sleep", "1000"] }] },
});

/** Waits until what a path answers satisfies the condition, asking again at once. */
async function until(probe: () => Promise<boolean>): Promise<void> {
  while (!(await probe())) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** The same way to the first answer with a server that does nothing else. */
async function bareStart(): Promise<number> {
  const server = await bare();
  await until(async () => (await ask(server, "/")).status === 200);
  const value = performance.now() - server.startedAt;
  server.stop();
  return value;
}

/** Process start to an answering API, to three Ready nodes, to a running Pod; and the memory at rest ten seconds later. */
export async function start(): Promise<Figure[]> {
  const ready: number[] = [];
  const nodes: number[] = [];
  const running: number[] = [];
  const memory: number[] = [];
  const peer: number[] = [];
  for (let i = 0; i < runs; i++) {
    const cluster = up([]);
    try {
      const access = await cluster.access();
      await until(async () => (await ask(access, "/readyz")).status === 200 && (await ask(access, "/api/v1/namespaces/default")).status === 200);
      ready.push(performance.now() - cluster.startedAt);
      await until(async () => {
        const { body } = await ask(access, "/api/v1/nodes");
        return (body.match(/"type":"Ready","status":"True"/g) ?? []).length === 3;
      });
      nodes.push(performance.now() - cluster.startedAt);
      await until(async () => (await ask(access, "/api/v1/namespaces/default/pods", { method: "POST", body: pod("first") })).status === 201);
      await until(async () => (await ask(access, "/api/v1/namespaces/default/pods/first")).body.includes('"phase":"Running"'));
      running.push(performance.now() - cluster.startedAt);
      if (i === 0) {
        await new Promise((resolve) => setTimeout(resolve, 10_000));
        memory.push(pssMb(cluster.child.pid as number));
      }
    } finally {
      await cluster.stop();
    }
    peer.push(await bareStart());
  }
  return [
    { what: `process start → /readyz and first authenticated GET (median of ${runs})`, value: median(ready), unit: "ms", goal: 300, upstream: 1800, peer: { what: "bare node:http2", value: median(peer) } },
    { what: "→ three nodes Ready", value: median(nodes), unit: "ms", goal: 450, upstream: 3100 },
    { what: "→ first Pod Running", value: median(running), unit: "ms", goal: 1000 },
    { what: "memory (PSS) of an idle three-node cluster after ten seconds", value: median(memory), unit: "MB", goal: 120, upstream: 518 },
  ];
}
