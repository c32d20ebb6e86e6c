/**
 * The peer of what goes over TLS: a server of Node's own HTTP/2, in a process of its own, which does the least that could be called the
 * same. `node bare-server.ts CERTIFICATE KEY` prints its address when it listens. POST reads a JSON object, keeps it and answers with it;
 * GET answers with what was kept last, GET with `?count=N` with a list of N of them.
 */
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const [, , certificate = "", key = ""] = process.argv;
const kept: string[] = ["{}"];
const lists = new Map<number, Buffer>();

function answer(stream: ServerHttp2Stream, status: number, body: string | Buffer): void {
  stream.respond({ ":status": status, "content-type": "application/json" });
  stream.end(body);
}

function list(count: number): Buffer {
  const known = lists.get(count);
  if (known) return known;
  const made = Buffer.from(`{"items":[${Array.from({ length: count }, () => kept.at(-1)).join(",")}]}`);
  lists.set(count, made);
  return made;
}

const server = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.on("stream", (stream: ServerHttp2Stream, headers) => {
  const count = /\?count=(\d+)/.exec(String(headers[":path"]))?.[1];
  if (headers[":method"] === "GET") return answer(stream, 200, count === undefined ? (kept.at(-1) as string) : list(Number(count)));
  void text(stream).then((body) => {
    kept.push(JSON.stringify(JSON.parse(body)));
    answer(stream, 201, kept.at(-1) as string);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`https://127.0.0.1:${(server.address() as AddressInfo).port}`));
