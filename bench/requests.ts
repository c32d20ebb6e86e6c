import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "./figures.ts";
import { median } from "./figures.ts";
import { ask, bare, loadFrom, up } from "./processes.ts";
import type { Access } from "./processes.ts";

/** The Pod of upstream's figures: about 3.4 KB as stored. `{i}` becomes a number. */
const podText = readFileSync(join(import.meta.dirname, "pod.json"), "utf8").trim();
const pods = "/api/v1/namespaces/default/pods";

async function list(access: Pick<Access, "url" | "ca"> & Partial<Access>, path: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    const result = await loadFrom({ ...access, method: "GET", path, inFlight: 1, requests: 4, warmUp: 1 });
    times.push(result.p50Ms);
  }
  return median(times);
}

interface Measured {
  readonly createsPerSecond: number;
  readonly getsPerSecond: number;
  readonly listMs: number;
}

const creates = { method: "POST", body: podText, inFlight: 64, requests: 10_000, warmUp: 2_000 } as const;
const gets = { method: "GET", inFlight: 64, requests: 60_000, warmUp: 20_000 } as const;

async function ofCluster(): Promise<Measured & { readonly stored: string }> {
  // No scheduler takes these Pods (schedulerName), so that only the API works.
  const cluster = up(["--nodes", "1"]);
  try {
    const access = await cluster.access();
    await ask(access, "/readyz");
    const create = await loadFrom({ ...access, ...creates, path: pods });
    if (create.failures > 0) throw new Error(`${create.failures} creates failed`);
    const { body: stored } = await ask(access, `${pods}/load-1`);
    const many = await loadFrom({ ...access, ...gets, path: `${pods}/load-{i}`, requests: 10_000, warmUp: 2_000 });
    const one = await loadFrom({ ...access, ...gets, path: `${pods}/load-1` });
    return { stored, createsPerSecond: create.perSecond, getsPerSecond: Math.max(many.perSecond, one.perSecond), listMs: await list(access, `${pods}?resourceVersion=0`) };
  } finally {
    await cluster.stop();
  }
}

/** The least that a server of Node can do for the same: parse, keep, print; send what is kept. */
async function ofPeer(stored: string): Promise<Measured> {
  const peer = await bare();
  try {
    const create = await loadFrom({ ...peer, ...creates, path: "/" });
    await ask(peer, "/", { method: "POST", body: JSON.parse(stored) });
    const get = await loadFrom({ ...peer, ...gets, path: "/" });
    return { createsPerSecond: create.perSecond, getsPerSecond: get.perSecond, listMs: await list(peer, `/?count=${creates.requests}`) };
  } finally {
    peer.stop();
  }
}

/** Reads, writes and lists of Pods over TLS, from another process on the same two cores. */
export async function requests(): Promise<Figure[]> {
  const cluster = await ofCluster();
  const peer = await ofPeer(cluster.stored);
  const what = "bare node:http2";
  return [
    { what: "GET Pod over TLS, 64 in flight", value: cluster.getsPerSecond, unit: "/s", goal: 20_000, upstream: 2582, peer: { what, value: peer.getsPerSecond } },
    { what: `create Pod (${(cluster.stored.length / 1000).toFixed(1)} KB stored) over TLS, 64 in flight, memory store`, value: cluster.createsPerSecond, unit: "/s", goal: 4000, upstream: 644, peer: { what: `${what}, parse and print`, value: peer.createsPerSecond } },
    { what: "LIST of 10,000 Pods over TLS", value: cluster.listMs, unit: "ms", goal: 50, upstream: 557, peer: { what, value: peer.listMs } },
  ];
}
