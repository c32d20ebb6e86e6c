import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { fieldErrorText } from "../../base/field-error.ts";
import type { KubeObject } from "../kind-ref.ts";
import { KindRegistry } from "../registry.ts";
import { decodeValue } from "../schema/decode.ts";
import { loadSchema } from "../schema/schema.ts";

/** What updates of the rarer kinds refuse: no recorded update speaks of them. */
const registry = KindRegistry.default();

function refusals(apiVersion: string, kind: string, before: JsonObject, now: JsonObject): string[] {
  const found = registry.byKind(apiVersion, kind);
  const object = (spec: JsonObject): KubeObject => decodeValue<KubeObject>(loadSchema(), found?.facts.type ?? "", { apiVersion, kind, metadata: { name: "x" }, spec }).object as KubeObject;
  return (found?.declaration?.validateUpdate?.(object(now), object(before)) ?? []).map(fieldErrorText);
}

describe("updates", () => {
  it("do not attach another volume", () => {
    const spec = { attacher: "d.example.com", nodeName: "n", source: { persistentVolumeName: "a" } };
    expect(refusals("storage.k8s.io/v1", "VolumeAttachment", spec, spec)).toEqual([]);
    expect(refusals("storage.k8s.io/v1", "VolumeAttachment", spec, { ...spec, nodeName: "m" })).toEqual([
      'spec: Invalid value: {"Attacher":"d.example.com","Source":{"PersistentVolumeName":"a","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
    ]);
  });

  it("add a family to a range of Services and change none", () => {
    const cidrs = (...list: string[]): JsonObject => ({ cidrs: list });
    const of = (now: JsonObject): string[] => refusals("networking.k8s.io/v1", "ServiceCIDR", cidrs("10.0.0.0/24"), now);
    expect(of(cidrs("10.0.0.0/24", "fd00::/112"))).toEqual([]);
    expect(of(cidrs("10.1.0.0/24"))).toEqual(['spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable']);
    expect(of(cidrs())).toEqual(["spec.cidrs: Invalid value: []: field is immutable"]);
  });

  it("leave an address with its holder, and a claim with what it asked for", () => {
    const holder = (name: string): JsonObject => ({ parentRef: { resource: "services", namespace: "n", name } });
    expect(refusals("networking.k8s.io/v1", "IPAddress", holder("a"), holder("b"))).toEqual([
      'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"n","Name":"b"}: field is immutable',
    ]);
    const devices = (name: string): JsonObject => ({ devices: { requests: [{ name }] } });
    expect(refusals("resource.k8s.io/v1", "ResourceClaim", devices("a"), devices("a"))).toEqual([]);
    expect(refusals("resource.k8s.io/v1", "ResourceClaim", devices("a"), devices("b"))[0]).toMatch(/^spec: Invalid value: .*: field is immutable$/);
  });

  it("change of a node's driver only what may still be attached", () => {
    const driver = (more: JsonObject): JsonObject => ({ drivers: [{ name: "d.example.com", nodeID: "n", ...more }] });
    expect(refusals("storage.k8s.io/v1", "CSINode", driver({}), driver({ allocatable: { count: 3 } }))).toEqual([]);
    expect(refusals("storage.k8s.io/v1", "CSINode", driver({}), driver({ nodeID: "m" }))).toEqual([
      'CSINodeDriver: Invalid value: {"Name":"d.example.com","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable',
    ]);
  });
});
