import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import { join } from "node:path";
import { createCertificates } from "../src/node/certificates.ts";
import type { Figure } from "./figures.ts";
import { median } from "./figures.ts";
import { ask, loadFrom, up } from "./processes.ts";
import type { Access } from "./processes.ts";

/** The Pod of upstream's figures: about 3.4 KB as stored. `{i}` becomes a number. */
const podText = readFileSync(join(import.meta.dirname, "pod.json"), "utf8").trim();
const pods = "/api/v1/namespaces/default/pods";

/** The ceiling: a bare HTTP/2 server of Node that answers every request with the same bytes. */
async function bareServer(body: Buffer): Promise<{ url: string; ca: string; close: () => void }> {
  const certificates = createCertificates();
  const server = createSecureServer({ cert: certificates.server.certificate, key: certificates.server.key });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.respond({ ":status": 200, "content-type": "application/json" });
    stream.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `https://127.0.0.1:${port}`, ca: certificates.authority.certificate, close: () => server.close() };
}

async function list(access: Access): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    const result = await loadFrom({ ...access, method: "GET", path: `${pods}?resourceVersion=0`, inFlight: 1, requests: 4, warmUp: 1 });
    times.push(result.p50Ms);
  }
  return median(times);
}

/** Reads, writes and lists of Pods over TLS, from another process on the same two cores. */
export async function requests(): Promise<Figure[]> {
  // No scheduler takes these Pods (schedulerName), so that only the API works.
  const cluster = up(["--nodes", "1"]);
  try {
    const access = await cluster.access();
    await ask(access, "/readyz");
    const create = await loadFrom({ ...access, method: "POST", path: pods, body: podText, inFlight: 64, requests: 10_000, warmUp: 2_000 });
    if (create.failures > 0) throw new Error(`${create.failures} creates failed`);
    const one = await ask(access, `${pods}/load-1`);
    const get = await loadFrom({ ...access, method: "GET", path: `${pods}/load-{i}`, inFlight: 64, requests: 10_000, warmUp: 2_000 });
    const get2 = await loadFrom({ ...access, method: "GET", path: `${pods}/load-1`, inFlight: 64, requests: 60_000, warmUp: 20_000 });
    const listMs = await list(access);
    const bare = await bareServer(Buffer.from(one.body));
    const ceiling = await loadFrom({ url: bare.url, ca: bare.ca, method: "GET", path: "/", inFlight: 64, requests: 60_000, warmUp: 20_000 });
    bare.close();
    return [
      { what: "GET Pod over TLS, 64 in flight", value: Math.max(get.perSecond, get2.perSecond), unit: "/s", goal: 20_000, upstream: 2582, peer: { what: "bare node:http2", value: ceiling.perSecond } },
      { what: `create Pod (${(one.body.length / 1000).toFixed(1)} KB stored) over TLS, 64 in flight, memory store`, value: create.perSecond, unit: "/s", goal: 4000, upstream: 644 },
      { what: "LIST of 10,000 Pods over TLS", value: listMs, unit: "ms", goal: 50, upstream: 557 },
    ];
  } finally {
    await cluster.stop();
  }
}
