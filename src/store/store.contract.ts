import { describe, expect, test } from "vitest";
import type { KubeObject } from "../api/kind-ref.ts";
import { CompactedError, RevisionConflict } from "./contract.ts";
import type { Change, Store, Stored } from "./contract.ts";
import { MemoryStore } from "./memory-store.ts";

/** What every store promises, whatever keeps its data. An implementation adds itself at the end with a factory of empty stores. */
type Factory = (options?: { historyRevisionsMax?: number; historyBytesMax?: number }) => Store | Promise<Store>;

function named(name: string, value = ""): (revision: number) => KubeObject {
  return (revision) => ({ kind: "ConfigMap", apiVersion: "v1", metadata: { name, resourceVersion: String(revision) }, data: { value } }) as unknown as KubeObject;
}

function valueOf(stored: Stored | undefined): string | undefined {
  return (stored?.object as unknown as { data: { value: string } } | undefined)?.data.value;
}

const keysOf = (items: readonly Stored[]): string[] => items.map(({ key }) => key);
const told = ({ type, current, previous }: Change): string => `${type} ${current.key} ${previous === undefined ? "-" : previous.revision}>${current.revision}`;

export function storeContract(name: string, create: Factory): void {
  describe(name, () => {
    test("every commit adds one to the revision and hands it to the builder", async () => {
      const store = await create();
      const start = store.revision;
      const first = await store.put("a/x", 0, named("x"));
      expect(first.revision).toBe(start + 1);
      expect(first.object.metadata.resourceVersion).toBe(String(start + 1));
      expect(store.revision).toBe(start + 1);
      expect(store.get("a/x")).toBe(first);
      expect(new TextDecoder().decode(first.bytes())).toBe(JSON.stringify(first.object));
      expect(first.bytes()).toBe(first.bytes());
    });

    test("a wrong expectation changes nothing and shows what stands there", async () => {
      const store = await create();
      const first = await store.put("a/x", 0, named("x"));
      const before = store.revision;
      for (const attempt of [
        async () => store.put("a/x", 0, named("x")),
        async () => store.put("a/x", first.revision + 7, named("x")),
        async () => store.delete("a/x", 999, named("x")),
      ]) {
        const error = await attempt().catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(RevisionConflict);
        expect((error as RevisionConflict).actual).toBe(first);
      }
      await expect((async () => store.put("a/none", 5, named("none")))()).rejects.toBeInstanceOf(RevisionConflict);
      await expect((async () => store.delete("a/none", 0, named("none")))()).rejects.toBeInstanceOf(RevisionConflict);
      expect(store.revision).toBe(before);
    });

    test("a builder that throws commits nothing", async () => {
      const store = await create();
      const before = store.revision;
      const refused = async () =>
        store.put("a/x", 0, () => {
          throw new Error("no");
        });
      await expect(refused()).rejects.toThrow("no");
      expect(store.revision).toBe(before);
      expect(store.get("a/x")).toBeUndefined();
    });

    test("a key can be created again after its deletion", async () => {
      const store = await create();
      const first = await store.put("a/x", 0, named("x"));
      const gone = await store.delete("a/x", first.revision, named("x", "last"));
      expect(valueOf(gone)).toBe("last");
      expect(store.get("a/x")).toBeUndefined();
      expect((await store.put("a/x", 0, named("x"))).revision).toBe(gone.revision + 1);
    });

    test("lists are in order of key, bounded by their prefix, and paged", async () => {
      const store = await create();
      for (const key of ["pods/b/2", "pods/a/1", "pods/b/10", "pods.metrics/x", "podsx/1", "pods/b-c/1", "pods/b/1"]) await store.put(key, 0, named(key));
      expect(keysOf(store.list("pods/").items)).toEqual(["pods/a/1", "pods/b-c/1", "pods/b/1", "pods/b/10", "pods/b/2"]);
      expect(keysOf(store.list("pods/b/").items)).toEqual(["pods/b/1", "pods/b/10", "pods/b/2"]);
      expect([store.count("pods/"), store.count("pods/b/"), store.count("nothing/")]).toEqual([5, 3, 0]);
      const page = store.list("pods/", { limit: 2 });
      expect([keysOf(page.items), page.remaining]).toEqual([["pods/a/1", "pods/b-c/1"], 3]);
      const rest = store.list("pods/", { after: "pods/b-c/1", limit: 3 });
      expect([keysOf(rest.items), rest.remaining]).toEqual([["pods/b/1", "pods/b/10", "pods/b/2"], 0]);
    });

    test("a list at an older revision shows what was there then", async () => {
      const store = await create();
      await store.put("a/1", 0, named("1", "old"));
      const second = await store.put("a/2", 0, named("2", "old"));
      const then = store.revision;
      await store.put("a/2", second.revision, named("2", "new"));
      await store.delete("a/1", (store.get("a/1") as Stored).revision, named("1"));
      await store.put("a/3", 0, named("3"));
      const page = store.list("a/", { at: then });
      expect(page.items.map((item) => `${item.key}=${valueOf(item)}`)).toEqual(["a/1=old", "a/2=old"]);
      expect(page.revision).toBe(then);
      expect(store.list("a/", { at: then, limit: 1 }).remaining).toBe(1);
    });

    test("a watch tells every change under its prefix, in order, past ones first", async () => {
      const store = await create();
      const start = store.revision;
      const first = await store.put("a/n/1", 0, named("1"));
      await store.put("b/n/1", 0, named("1"));
      const seen: string[] = [];
      const inner: string[] = [];
      const watch = store.watch("a/", start, (change) => seen.push(told(change)));
      store.watch("a/n/", store.revision, (change) => inner.push(told(change)));
      expect(seen).toEqual([`put a/n/1 ->${start + 1}`]);
      await store.put("a/n/1", first.revision, named("1"));
      await store.put("a/m/1", 0, named("1"));
      await store.delete("a/n/1", start + 3, named("1"));
      watch.stop();
      await store.put("a/n/2", 0, named("2"));
      expect(seen).toEqual([`put a/n/1 ->${start + 1}`, `put a/n/1 ${start + 1}>${start + 3}`, `put a/m/1 ->${start + 4}`, `delete a/n/1 ${start + 3}>${start + 5}`]);
      expect(inner).toEqual([`put a/n/1 ${start + 1}>${start + 3}`, `delete a/n/1 ${start + 3}>${start + 5}`, `put a/n/2 ->${start + 6}`]);
    });

    test("a watch from a revision to come is silent until then", async () => {
      const store = await create();
      const seen: string[] = [];
      store.watch("a/", store.revision + 1, (change) => seen.push(change.current.key));
      await store.put("a/1", 0, named("1"));
      await store.put("a/2", 0, named("2"));
      expect(seen).toEqual(["a/2"]);
    });

    test("a listener that stops others or joins during a change disturbs nobody", async () => {
      const store = await create();
      const seen: string[] = [];
      let joined = false;
      store.watch("a/", store.revision, (change) => {
        seen.push(`first ${change.current.key}`);
        second.stop();
        if (!joined) store.watch("a/", store.revision, (later) => seen.push(`late ${later.current.key}`));
        joined = true;
      });
      const second = store.watch("a/", store.revision, (change) => seen.push(`second ${change.current.key}`));
      await store.put("a/1", 0, named("1"));
      await store.put("a/2", 0, named("2"));
      expect(seen).toEqual(["first a/1", "first a/2", "late a/2"]);
    });

    test("what is older than the window is compacted, never silently missing", async () => {
      const store = await create({ historyRevisionsMax: 3 });
      const start = store.revision;
      for (let i = 1; i <= 6; i++) await store.put(`a/${i}`, 0, named(String(i)));
      expect(() => store.list("a/", { at: start + 2 })).toThrow(CompactedError);
      expect(() => store.watch("a/", start + 2, () => undefined)).toThrow(CompactedError);
      expect(keysOf(store.list("a/", { at: start + 3 }).items)).toEqual(["a/1", "a/2", "a/3"]);
      store.compact(start + 5);
      expect(() => store.watch("a/", start + 4, () => undefined)).toThrow(CompactedError);
      expect(keysOf(store.list("a/").items)).toHaveLength(6);
    });

    test("the window is shorter where revisions are large, and what is stored stays", async () => {
      const store = await create({ historyBytesMax: 1000 });
      const large = (name: string) => (revision: number) => ({ ...named(name)(revision), data: "x".repeat(300) }) as never;
      let last = 0;
      for (let i = 0; i < 10; i++) {
        const stored = await store.put("a/1", last, large("1"));
        last = stored.revision;
        expect(stored.bytes().length).toBeGreaterThan(300);
      }
      expect(() => store.list("a/", { at: last - 5 })).toThrow(CompactedError);
      expect(store.list("a/", { at: last - 1 }).items).toHaveLength(1);
      expect(store.get("a/1")?.revision).toBe(last);
      // What is encoded when it has left the window counts for nothing in it.
      for (let i = 0; i < 20; i++) await store.put(`b/${i}`, 0, named(String(i)));
      expect(store.list("b/", { at: store.revision - 19 }).items).toHaveLength(1);
    });

    test("holds many keys in order", async () => {
      const store = await create();
      const keys = Array.from({ length: 3000 }, (_, i) => `pods/ns-${(i * 7919) % 13}/p-${(i * 104_729) % 3001}`);
      for (const key of keys) await store.put(key, 0, named(key));
      for (const key of keys.slice(0, 1000)) await store.delete(key, (store.get(key) as Stored).revision, named(key));
      const left = keys.slice(1000).toSorted();
      expect(keysOf(store.list("pods/").items)).toEqual(left);
      expect(store.count("pods/ns-3/")).toBe(left.filter((key) => key.startsWith("pods/ns-3/")).length);
    });
  });
}

storeContract("MemoryStore", (options) => new MemoryStore({ freeze: true, ...options }));

test("a frozen store refuses changes to what it holds", async () => {
  const store = new MemoryStore({ freeze: true });
  const { object } = store.put("a/x", 0, named("x"));
  expect(() => Object.assign(object.metadata, { name: "y" })).toThrow(TypeError);
});

test("forgets what is older than five minutes, but for the newest thousand revisions", async () => {
  let now = 0;
  const store = new MemoryStore({ now: () => now });
  const write = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      now += 100;
      const standing = store.get("a/x")?.revision ?? 0;
      store.put("a/x", standing, named("x"));
    }
  };
  const opens = (after: number): boolean => {
    try {
      store.watch("a/", after, () => undefined).stop();
      return true;
    } catch (error) {
      if (error instanceof CompactedError) return false;
      throw error;
    }
  };
  // Five minutes are 3,000 of these writes.
  await write(10_000);
  expect([opens(7000), opens(6000)]).toEqual([true, false]);
  now += 30 * 86_400_000;
  await write(1);
  expect([opens(9001), opens(9000)]).toEqual([true, false]);
});
