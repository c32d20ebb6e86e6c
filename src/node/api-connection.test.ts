import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { ApiConnection } from "./api-connection.ts";
import { createCertificates } from "./certificates.ts";

test("a server that says nothing, or is not there, is told in one line", async () => {
  const sockets: Socket[] = [];
  const mute = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const { authority, admin } = createCertificates();
  const access = { url, authority: authority.certificate, ...admin };
  const hasty = new ApiConnection(access, { answerMsMax: 50 });
  await expect(hasty.get("/version")).rejects.toThrow(`the cluster does not answer at ${url}: nothing within 0.05 s`);
  hasty.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));
  const connection = new ApiConnection(access);
  await expect(connection.get("/version")).rejects.toThrow(/does not answer at .*: connect ECONNREFUSED/);
  connection.close();
});
