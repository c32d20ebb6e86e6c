import { beforeEach, describe, expect, test } from "vitest";
import { startInProcessServer } from "../../../test/in-process-server.ts";
import type { InProcessServer } from "../../../test/in-process-server.ts";
import { configMaps, pods } from "../../api/kinds.ts";
import type { Status } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { limits } from "../../base/limits.ts";
import type { ApiResponse, ByteSink, ObjectList, WatchEvent } from "../request.ts";

/** Lists in pages and watches from a revision, over the real server. */
let cluster: InProcessServer;
beforeEach(async () => {
  cluster = await startInProcessServer({ historyRevisionsMax: 300 });
});

async function ask(path: string, query: string, wants: "object" | "bytes" = "object", signal?: AbortSignal): Promise<ApiResponse> {
  return cluster.server.handle({
    method: "GET",
    path,
    query,
    headers: {},
    credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] },
    wants,
    ...(signal === undefined ? {} : { signal }),
  });
}

const path = "/api/v1/namespaces/default/configmaps";
const objectOf = (response: ApiResponse): unknown => (response.body as { object: unknown }).object;

async function create(name: string, labels: { [key: string]: string } = {}): Promise<string> {
  return (await cluster.client.create(configMaps, { metadata: { name, namespace: "default", labels } })).metadata.resourceVersion ?? "";
}

interface Seen {
  readonly events: string[];
  ended: boolean;
  readonly stop: () => void;
}

async function watch(query: string, at = path): Promise<Seen> {
  const abort = new AbortController();
  const seen: Seen = { events: [], ended: false, stop: () => abort.abort() };
  const response = await ask(at, `watch=1&${query}`, "object", abort.signal);
  if (response.body.type !== "watch") throw new Error(`a watch was expected: ${JSON.stringify(response)}`);
  const told = ({ type, object }: WatchEvent): string => {
    if (type === "ERROR") return `ERROR ${(object as unknown as Status).code}`;
    return type === "BOOKMARK" ? `BOOKMARK ${Object.keys(object.metadata.annotations ?? {}).join()}` : `${type} ${object.metadata.name}`;
  };
  response.body.start({ event: (event) => seen.events.push(told(event)), end: () => (seen.ended = true), closed: () => undefined });
  await cluster.settle();
  return seen;
}

describe("list", () => {
  test("pages show one revision, whatever happens between them", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) await create(name);
    const first = objectOf(await ask(path, "limit=2")) as ObjectList;
    expect(first.metadata.remainingItemCount).toBe(3);
    await cluster.client.delete(configMaps, { namespace: "default", name: "c" });
    await create("bb");
    const second = objectOf(await ask(path, `limit=2&continue=${first.metadata.continue}`)) as ObjectList;
    expect(second.items.map(({ metadata }) => metadata.name)).toEqual(["c", "d"]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const third = objectOf(await ask(path, `limit=2&continue=${second.metadata.continue}`)) as ObjectList;
    expect(third.items.map(({ metadata }) => metadata.name)).toEqual(["e"]);
    expect(third.metadata.continue).toBeUndefined();
    const both = objectOf(await ask(path, `continue=${first.metadata.continue}&resourceVersion=5`)) as Status;
    expect([both.code, both.message]).toEqual([400, "specifying resource version is not allowed when using continue"]);
    expect((objectOf(await ask(path, `continue=${first.metadata.continue}&resourceVersion=0`)) as ObjectList).items).toHaveLength(3);
  });

  test("a token that is too old answers 410 with one to go on inconsistently", async () => {
    for (const name of ["a", "b", "c"]) await create(name);
    const { metadata } = objectOf(await ask(path, "limit=1")) as ObjectList;
    for (let i = 0; i < 301; i++) await cluster.client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { data: { i: String(i) } } });
    const gone = await ask(path, `limit=1&continue=${metadata.continue}`);
    expect(gone.status).toBe(410);
    const again = (objectOf(gone) as { metadata: { continue: string } }).metadata.continue;
    expect((objectOf(await ask(path, `continue=${again}`)) as ObjectList).items.map((item) => item.metadata.name)).toEqual(["b", "c"]);
  });

  test("bytes are the same data as objects, without the kind of the items", async () => {
    await create("a", { x: "y" });
    const asObject = objectOf(await ask(path, "")) as ObjectList;
    const { body } = await ask(path, "", "bytes");
    if (body.type !== "bytes") throw new Error("bytes were expected");
    const text = body.parts.map((part) => new TextDecoder().decode(part)).join("");
    expect(JSON.parse(text)).toEqual({ ...asObject, items: asObject.items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest) });
  });

  test("a large list lets others have their turn", async () => {
    for (let i = 0; i < 1100; i++) await create(`c${i}`);
    let turns = 0;
    let done = false;
    const count = (): void => {
      if (done) return;
      turns++;
      cluster.environment.runner.post(count);
    };
    cluster.environment.runner.post(count);
    await ask(path, "", "bytes");
    done = true;
    expect(turns).toBeGreaterThanOrEqual(2);
  });
});

describe("watch", () => {
  test("from a revision: what followed, in order, and what follows", async () => {
    const from = await create("a");
    await create("b");
    const seen = await watch(`resourceVersion=${from}`);
    expect(seen.events).toEqual(["ADDED b"]);
    await cluster.client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { data: { x: "y" } } });
    await cluster.client.delete(configMaps, { namespace: "default", name: "b" });
    await cluster.settle();
    expect(seen.events).toEqual(["ADDED b", "MODIFIED a", "DELETED b"]);
    seen.stop();
    await create("c");
    await cluster.settle();
    expect(seen.events).toHaveLength(3);
  });

  test("entering and leaving a selection are an addition and a deletion", async () => {
    await create("a", { app: "x" });
    const seen = await watch("labelSelector=app%3Dx");
    const label = (app: string | null) => cluster.client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { metadata: { labels: { app } } } });
    await label("y");
    await label("z");
    await label("x");
    await cluster.settle();
    expect(seen.events).toEqual(["ADDED a", "DELETED a", "ADDED a"]);
  });

  test("initial events end with a bookmark, and an in-process watch ends with one", async () => {
    await create("a");
    const seen = await watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=90");
    expect(seen.events).toEqual(["ADDED a", "BOOKMARK k8s.io/initial-events-end"]);
    await cluster.advance(90_000);
    expect(seen.events).toEqual(["ADDED a", "BOOKMARK k8s.io/initial-events-end", "BOOKMARK "]);
    expect(seen.ended).toBe(true);
  });

  test("of metadata alone tells of every change without what the objects hold, and its initial events end as those of any watch", async () => {
    const made = await cluster.client.create(configMaps, { metadata: { name: "a", namespace: "default" }, data: { large: "x".repeat(1000) } });
    const { headers, body } = await cluster.server.handle({
      method: "GET",
      path,
      query: "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
      headers: { accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" },
      credentials: { type: "certificate", commonName: "admin", organizations: ["system:masters"] },
      wants: "bytes",
    });
    if (body.type !== "stream") throw new Error("a stream was expected");
    let text = "";
    body.start({ write: (bytes) => ((text += new TextDecoder().decode(bytes)), true), drained: () => undefined, end: () => undefined, closed: () => undefined });
    await cluster.client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { data: { small: "y" } } });
    await cluster.client.delete(configMaps, { namespace: "default", name: "a" });
    await cluster.settle();
    const told = text.trimEnd().split("\n").map((line) => JSON.parse(line) as { type: string; object: KubeObject });
    expect(headers["content-type"]).toBe("application/json");
    expect(told.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK", "MODIFIED", "DELETED"]);
    expect(told[0]?.object).toEqual({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: made.metadata });
    expect(told[1]?.object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { annotations: { "k8s.io/initial-events-end": "true" } } });
    for (const { object } of told) expect(Object.keys(object).toSorted()).toEqual(["apiVersion", "kind", "metadata"]);
  });

  test("a watch of bytes has bookmarks every minute", async () => {
    const response = await ask(path, "watch=1&allowWatchBookmarks=true", "bytes");
    if (response.body.type !== "stream") throw new Error("a stream was expected");
    let text = "";
    response.body.start({ write: (bytes) => ((text += new TextDecoder().decode(bytes)), true), drained: () => undefined, end: () => undefined, closed: () => undefined });
    await cluster.advance(2 * limits.bookmarkMs);
    expect(text.match(/"type":"BOOKMARK"/g)).toHaveLength(2);
  });

  test("ends when its time is up, and answers 410 for what is forgotten", async () => {
    const seen = await watch("timeoutSeconds=5");
    await cluster.advance(5_000);
    expect(seen.ended).toBe(true);
    for (let i = 0; i < 301; i++) await create(`c${i}`);
    const gone = await watch("resourceVersion=1");
    expect([gone.events, gone.ended]).toEqual([["ERROR 410"], true]);
  });

  test("the Pods of one node reach only who watches that node", async () => {
    const spec = (nodeName: string) => ({ nodeName, containers: [{ name: "c", image: "busybox" }] });
    const one = await watch("fieldSelector=spec.nodeName%3Dn1", "/api/v1/pods");
    const two = await watch("fieldSelector=spec.nodeName%3Dn2", "/api/v1/pods");
    const none = await watch("fieldSelector=spec.nodeName%3D", "/api/v1/pods");
    await cluster.client.create(pods, { metadata: { name: "a", namespace: "default" }, spec: spec("n1") });
    await cluster.client.create(pods, { metadata: { name: "b", namespace: "default" }, spec: { containers: [{ name: "c", image: "busybox" }] } });
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: "b", namespace: "default" }, target: { kind: "Node", name: "n2" } };
    await cluster.client.create(pods, binding as never, { subresource: "binding" });
    await cluster.settle();
    expect([one.events, two.events, none.events]).toEqual([["ADDED a"], ["ADDED b"], ["ADDED b", "DELETED b"]]);
  });

  test("a reader of bytes that lags is waited for, and cut off in the end", async () => {
    const response = await ask(path, "watch=1&resourceVersion=0", "bytes");
    if (response.body.type !== "stream") throw new Error("a stream was expected");
    const frames: string[] = [];
    let room = false;
    let resume: (() => void) | undefined;
    let ended = false;
    const sink: ByteSink = {
      write: (bytes) => (frames.push(new TextDecoder().decode(bytes)), room),
      drained: (next) => (resume = next),
      end: () => (ended = true),
      closed: () => undefined,
    };
    response.body.start(sink);
    await create("a");
    await cluster.settle();
    await create("b");
    await cluster.settle();
    expect(frames).toHaveLength(1);
    for (let i = 0; i < limits.watchBacklogMax; i++) await cluster.client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { data: { i: String(i) } } });
    room = true;
    resume?.();
    await cluster.settle();
    expect(frames.at(-1)).toContain('"code":410');
    expect([frames.length, ended]).toEqual([2, true]);
  });

  test("a reader that lags behind large objects is cut off by their bytes", async () => {
    const response = await ask(path, "watch=1&resourceVersion=0", "bytes");
    if (response.body.type !== "stream") throw new Error("a stream was expected");
    const frames: string[] = [];
    let resume: (() => void) | undefined;
    response.body.start({ write: (bytes) => (frames.push(new TextDecoder().decode(bytes)), resume !== undefined), drained: (next) => (resume = next), end: () => undefined, closed: () => undefined });
    await create("a");
    await cluster.settle();
    const large = "x".repeat(limits.watchBacklogBytesMax / 60);
    for (let i = 0; i < 64; i++) await cluster.client.patch(configMaps, { namespace: "default", name: "a" }, { type: "merge", body: { data: { large, i: String(i) } } });
    resume?.();
    await cluster.settle();
    expect(frames).toHaveLength(2);
    expect(frames[1]).toContain("bytes behind");
  });
});
