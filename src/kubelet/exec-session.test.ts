import { expect, test } from "vitest";
import { limits } from "../base/limits.ts";
import type { Channels } from "../server/request.ts";
import { execSession } from "./exec-session.ts";

/** A client that sends faster than the program reads. */
class Client implements Channels {
  readonly sent: [number, string][] = [];
  paused = 0;
  resumed = 0;
  data: (channel: number, bytes: Uint8Array) => void = () => undefined;
  send(channel: number, bytes: Uint8Array): boolean {
    this.sent.push([channel, new TextDecoder().decode(bytes)]);
    return true;
  }
  drained(): void {}
  onData(listener: (channel: number, bytes: Uint8Array) => void): void {
    this.data = listener;
  }
  onEnd(): void {}
  closed(): void {}
  close(): void {}
  pause(): void {
    this.paused++;
  }
  resume(): void {
    this.resumed++;
  }
}

const options = { command: ["cat"], stdin: true, stdout: true, stderr: true, tty: false };

test("waits while the program does not read, goes on when it has, and is read to its end when nobody reads any more", async () => {
  const client = new Client();
  let go: () => void = () => undefined;
  const reading = new Promise<void>((resolve) => (go = resolve));
  let read = 0;
  const done = execSession(
    async ({ stdin }) => {
      await reading;
      for await (const bytes of stdin as AsyncIterable<Uint8Array>) if ((read += bytes.length) > limits.inputAheadBytesMax / 2) break;
      client.data(0, new Uint8Array(2 * limits.inputAheadBytesMax));
      return 0;
    },
    options,
    { channels: client, isRelayed: false },
  );
  const piece = new Uint8Array(64 * 1024);
  for (let sent = 0; sent <= limits.inputAheadBytesMax; sent += piece.length) client.data(0, piece);
  expect([client.paused, client.resumed]).toEqual([1, 0]);
  go();
  await done;
  expect([client.paused, client.resumed]).toEqual([2, 2]);
  client.data(0, new Uint8Array(2 * limits.inputAheadBytesMax));
  expect(client.paused).toBe(2);
  expect(client.sent).toEqual([[3, '{"metadata":{},"status":"Success"}']]);
});

test("what nobody asked for is dropped", async () => {
  const client = new Client();
  const done = execSession(async () => 0, { ...options, stdin: false }, { channels: client, isRelayed: false });
  client.data(0, new Uint8Array(2 * limits.inputAheadBytesMax));
  await done;
  expect(client.paused).toBe(0);
});
