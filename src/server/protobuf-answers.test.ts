import { expect, test } from "vitest";
import { startInProcessServer } from "../../test/in-process-server.ts";
import { configMaps } from "../api/kinds.ts";
import { ProtobufDecoder } from "../api/protobuf/decode-protobuf.ts";
import type { ByteSink } from "./request.ts";

/** Answers in protobuf, for clients that read nothing else. */
const { server, client, settle } = await startInProcessServer();
const [one, two] = [
  await client.create(configMaps, { metadata: { name: "a", namespace: "default", labels: { x: "y" } }, data: { k: "v" } }),
  await client.create(configMaps, { metadata: { name: "b", namespace: "default", labels: { x: "y" } }, immutable: true }),
];
const decoder = new ProtobufDecoder();
const maps = "/api/v1/namespaces/default/configmaps";
const protobuf = "application/vnd.kubernetes.protobuf";

async function ask(path: string, accept: string, query = "") {
  const { status, headers, body } = await server.handle({ method: "GET", path, query, headers: { accept }, credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] }, wants: "bytes" });
  const bytes = body.type === "bytes" ? Buffer.concat(body.parts) : Buffer.alloc(0);
  return { status, type: headers["content-type"], bytes, body };
}

test("an object and a list are what they are in JSON", async () => {
  const { type, bytes } = await ask(`${maps}/a`, protobuf);
  expect(type).toBe(protobuf);
  expect(decoder.decode(bytes)).toEqual(one);
  const json = JSON.parse((await ask(maps, "application/json", "labelSelector=x%3Dy&limit=1")).bytes.toString()) as { metadata: object };
  const list = decoder.decode((await ask(maps, protobuf, "labelSelector=x%3Dy&limit=1")).bytes);
  expect(list).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1", items: [{ metadata: { name: "a" }, data: { k: "v" } }] });
  expect(list).toEqual(json);
});

test("metadata alone, too", async () => {
  const partial = `${protobuf};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
  expect(decoder.decode((await ask(`${maps}/a`, partial)).bytes)).toEqual({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: one.metadata });
  const list = `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
  expect(decoder.decode((await ask(maps, list, "labelSelector=x%3Dy")).bytes)).toMatchObject({ kind: "PartialObjectMetadataList", items: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }] });
});

test("a watch is a sequence of frames", async () => {
  const { type, body } = await ask(maps, `${protobuf};stream=watch`, `watch=1&resourceVersion=${one.metadata.resourceVersion}`);
  expect(type).toBe(`${protobuf};stream=watch`);
  const written: Uint8Array[] = [];
  const sink: ByteSink = { write: (bytes) => written.push(bytes) > 0, drained() {}, end() {}, closed() {} };
  if (body.type === "stream") body.start(sink);
  await settle();
  const frame = Buffer.concat(written);
  expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
  expect(frame.subarray(4, 11)).toEqual(Buffer.from("\n\u0005ADDED"));
  expect(decoder.decode(frame.subarray(frame.indexOf("k8s\0")))).toEqual(two);
});

test("refusals and the lists of what is served, too", async () => {
  const refused = await ask(`${maps}/none`, protobuf);
  expect([refused.status, refused.type]).toEqual([404, protobuf]);
  expect(decoder.decode(refused.bytes)).toMatchObject({ kind: "Status", reason: "NotFound", message: 'configmaps "none" not found', details: { name: "none", kind: "configmaps" }, code: 404 });
  for (const path of ["/api", "/apis", "/api/v1", "/apis/apps", "/apis/batch/v1"]) {
    expect(decoder.decode((await ask(path, protobuf)).bytes), path).toEqual({ apiVersion: "", ...JSON.parse((await ask(path, "application/json")).bytes.toString()) });
  }
});

test("who can read JSON gets the bytes that all others get; what has no message is not acceptable", async () => {
  expect((await ask(`${maps}/a`, `${protobuf}, */*`)).type).toBe("application/json");
  expect((await ask(`${maps}/a`, `${protobuf};as=Table;g=meta.k8s.io;v=v1`)).status).toBe(406);
  expect((await ask("/apis/sim.coracle.dev/v1alpha1/clocks", protobuf)).status).toBe(406);
});
