import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import type { KubeObject } from "../kind-ref.ts";
import { decode } from "../schema/decode.ts";
import { loadSchema } from "../schema/schema.ts";
import type { ManagedFieldsEntry } from "../types/meta-v1.ts";
import { ownCreate, ownUpdate } from "./managed-fields.ts";

const schema = loadSchema();
const configMap = "io.k8s.api.core.v1.ConfigMap";

function configMapWith(data: JsonObject, managedFields?: readonly ManagedFieldsEntry[]): KubeObject {
  const metadata = { name: "c", ...(managedFields === undefined ? {} : { managedFields }) };
  return decode(schema, configMap, { kind: "ConfigMap", apiVersion: "v1", metadata, data } as unknown as JsonObject, "strict").object as unknown as KubeObject;
}

function by(manager: string, second = 0): { manager: string; apiVersion: string; time: string } {
  return { manager, apiVersion: "v1", time: `2026-01-01T00:00:${String(second).padStart(2, "0")}Z` };
}

function update(old: KubeObject, data: JsonObject, owner: ReturnType<typeof by>): KubeObject {
  const next = configMapWith(data);
  return { ...next, metadata: { ...next.metadata, managedFields: ownUpdate(schema, configMap, old, next, owner) } };
}

function created(data: JsonObject, owner = by("a")): KubeObject {
  const object = configMapWith(data);
  return { ...object, metadata: { ...object.metadata, managedFields: ownCreate(schema, configMap, object, owner) } };
}

describe("ownership", () => {
  test("who creates owns what is there, but nobody owns the name", () => {
    expect(created({ x: "1" }).metadata.managedFields).toEqual([
      { manager: "a", operation: "Update", apiVersion: "v1", time: "2026-01-01T00:00:00Z", fieldsType: "FieldsV1", fieldsV1: { "f:data": { ".": {}, "f:x": {} } } },
    ]);
  });

  test("who changes a field takes it, what is removed belongs to nobody", () => {
    const second = update(created({ x: "1", y: "1", z: "1" }), { x: "1", y: "2" }, by("b", 1));
    expect(second.metadata.managedFields?.map((entry) => [entry.manager, entry.fieldsV1])).toEqual([
      ["a", { "f:data": { ".": {}, "f:x": {} } }],
      ["b", { "f:data": { "f:y": {} } }],
    ]);
  });

  test("a request that changes nothing keeps the entries as they are", () => {
    const object = created({ x: "1" });
    expect(ownUpdate(schema, configMap, object, configMapWith({ x: "1" }), by("b", 9))).toBe(object.metadata.managedFields);
  });

  test("an empty list takes all owners away, for good", () => {
    const object = created({ x: "1" });
    expect(ownUpdate(schema, configMap, object, configMapWith({ x: "2" }, []), by("a"))).toEqual([]);
    expect(ownUpdate(schema, configMap, object, configMapWith({ x: "2" }, [{}]), by("a"))).toEqual([]);
    expect(ownUpdate(schema, configMap, configMapWith({ x: "1" }), configMapWith({ x: "2" }), by("a"))).toEqual([]);
  });

  test("entries that cannot be read are as if they had not been sent", () => {
    const object = created({ x: "1" });
    const broken = configMapWith({ x: "1" }, [{ manager: "z", operation: "Frob", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: {} }]);
    expect(ownUpdate(schema, configMap, object, broken, by("a"))).toBe(object.metadata.managedFields);
  });

  test("from the eleventh manager on, the oldest become one", () => {
    let object = created({ k0: "0" }, by("m0"));
    const data: { [key: string]: string } = { k0: "0" };
    for (let i = 1; i <= 12; i++) {
      data[`k${i}`] = "x";
      object = update(object, { ...data }, by(`m${i}`, i));
    }
    const entries = object.metadata.managedFields as readonly ManagedFieldsEntry[];
    expect(entries.map((entry) => entry.manager)).toEqual(["ancient-changes", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11", "m12"]);
    expect(entries[0]?.fieldsV1).toEqual({ "f:data": { ".": {}, "f:k0": {}, "f:k1": {}, "f:k2": {}, "f:k3": {} } });
  });

  test("a subresource has an entry of its own", () => {
    const next = configMapWith({ x: "2" });
    const entries = ownUpdate(schema, configMap, created({ x: "1" }), next, { ...by("a", 1), subresource: "status" });
    expect(entries.map((entry) => entry.subresource)).toEqual([undefined, "status"]);
  });
});
