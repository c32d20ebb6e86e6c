import { describe, expect, it } from "vitest";
import { serveConnection } from "./http-bytes.ts";
import type { HttpRequest, HttpResponse } from "./network.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function connected(http?: (request: HttpRequest) => HttpResponse) {
  const seen: HttpRequest[] = [];
  let [text, isEnded] = ["", false];
  const listener = http === undefined ? {} : { http: async (request: HttpRequest) => (seen.push(request), http(request)) };
  const connection = serveConnection({ listener, port: 80, from: "127.0.0.1", client: { write: (bytes) => void (text += decoder.decode(bytes)), end: () => void (isEnded = true) } });
  return {
    seen,
    connection,
    async send(bytes: string): Promise<void> {
      connection.write(encoder.encode(bytes));
      for (let i = 0; i < 5; i++) await Promise.resolve();
    },
    taken(): string {
      const taken = text;
      text = "";
      return taken;
    },
    isEnded: () => isEnded,
  };
}

const hello = (): HttpResponse => ({ status: 200, reason: "OK", headers: { "content-type": "text/plain" }, body: "héllo" });

describe("bytes of a connection to a simulated program", () => {
  it("answers request after request, however they are cut", async () => {
    const { send, taken, seen, isEnded } = connected(hello);
    await send("GET /a?b=1 HT");
    expect(taken()).toBe("");
    await send("TP/1.1\r\nHost: web\r\nX-One: 1\r\n\r\nGET /second HTTP/1.1\r\nHost: web\r\n\r\n");
    expect(taken()).toBe("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nhéllo".repeat(2));
    expect(seen.map(({ path }) => path)).toEqual(["/a?b=1", "/second"]);
    expect(seen[0]).toMatchObject({ method: "GET", host: "web", headers: { "x-one": "1" } });
    expect(isEnded()).toBe(false);
  });

  it("reads bodies by length and in chunks", async () => {
    const { send, seen } = connected(hello);
    await send("POST / HTTP/1.1\r\nHost: w\r\nContent-Length: 5\r\n\r\nab");
    await send("cdePOST / HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n");
    await send("2\r\n!!\r\n0\r\n\r\n");
    expect(seen.map(({ body }) => body)).toEqual(["abcde", "xyz!!"]);
  });

  it("sends no body to HEAD and ends where the client asks for it", async () => {
    const { send, taken, isEnded } = connected(hello);
    await send("HEAD / HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n");
    expect(taken()).toBe("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\n");
    expect(isEnded()).toBe(true);
  });

  it.each(["\x16\x03\x01 this is TLS\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", `GET / HTTP/1.1\r\nHost: w\r\nContent-Length: -1\r\n\r\n`, `GET /${"a".repeat(70_000)}`])("refuses what is no request", async (bytes) => {
    const { send, taken, isEnded, seen } = connected(hello);
    await send(bytes);
    expect(taken()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(isEnded()).toBe(true);
    expect(seen).toEqual([]);
  });

  it("takes what comes where nobody speaks HTTP, and ends when the client does", async () => {
    const { send, taken, isEnded, connection } = connected();
    await send("PING\r\n");
    expect(taken()).toBe("");
    connection.end();
    expect(isEnded()).toBe(true);
  });
});
