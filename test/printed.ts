import type { Cluster } from "../src/cluster/cluster.ts";
import type { Channels } from "../src/server/request.ts";

/** Runs a script where `path` leads (the exec of a Pod or of a Machine), moving time until it ends: both streams as they came, and its exit code. */
export async function printed(cluster: Cluster, path: string, script: string): Promise<{ code: number; out: string }> {
  const command = ["sh", "-c", script].map((word) => `command=${encodeURIComponent(word)}`).join("&");
  const { status, body } = await cluster.client.request({ method: "GET", path, query: `${command}&stdout=true&stderr=true`, headers: {}, wants: "bytes" });
  if (body.type !== "channels") throw new Error(`${path}: answered ${status}`);
  const decoder = new TextDecoder();
  let [out, told, isOver] = ["", "", false];
  const channels: Channels = {
    send(channel, bytes) {
      if (channel === 3) told += decoder.decode(bytes);
      else out += decoder.decode(bytes);
      return true;
    },
    drained: (next) => next(),
    onData: () => undefined,
    onEnd: () => undefined,
    closed: () => undefined,
    close: () => (isOver = true),
  };
  body.start(channels);
  await cluster.runUntil(() => isOver);
  const { details } = JSON.parse(told) as { details?: { causes: { message: string }[] } };
  return { code: Number(details?.causes[0]?.message ?? 0), out };
}
