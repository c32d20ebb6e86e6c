import { describe, expect, it } from "vitest";
import { KindRegistry } from "./registry.ts";
import { daemonSets, events, eventsV1, horizontalPodAutoscalersV1 } from "./kinds.ts";

const registry = KindRegistry.default();

describe("KindRegistry", () => {
  it("finds a kind by its path and by its name", () => {
    const byPath = registry.byResource("apps", "v1", "daemonsets");
    expect(byPath?.facts.kind).toBe("DaemonSet");
    expect(byPath?.ref).toBe(daemonSets);
    expect(registry.byKind("apps/v1", "DaemonSet")).toBe(byPath);
    expect(registry.byKind("v1", "DaemonSet")).toBeUndefined();
  });

  it("holds what is served by default and the simulation's kinds, nothing else", () => {
    const names = registry.all().map(({ ref }) => `${ref.apiVersion} ${ref.kind}`);
    expect(names).toContain("sim.coracle.dev/v1alpha1 Machine");
    expect(names).not.toContain("scheduling.k8s.io/v1alpha2 Workload");
    expect(new Set(names).size).toBe(names.length);
    expect(registry.groups().map(({ name }) => name)).not.toContain("metrics.k8s.io");
  });

  it("declares every kind that can be stored, but for one that behaves as kinds do by default", () => {
    const undeclared = registry.all().filter(({ facts, declaration }) => facts.verbs.includes("list") && declaration === undefined);
    expect(undeclared.map(({ facts }) => facts.kind)).toEqual(["CSIStorageCapacity"]);
  });

  it("stores Events and autoscalers in one form", () => {
    expect(registry.byKind(eventsV1.apiVersion, "Event")?.storage).toBe(registry.byKind(events.apiVersion, "Event"));
    const old = registry.byKind(horizontalPodAutoscalersV1.apiVersion, "HorizontalPodAutoscaler");
    expect(old?.storage.ref.apiVersion).toBe("autoscaling/v2");
    expect(old?.storage.storage).toBe(old?.storage);
  });

  it("shares no state between two registries", () => {
    const other = KindRegistry.default();
    expect(other.all()).not.toBe(registry.all());
    expect(other.byKind("v1", "Node")).not.toBe(registry.byKind("v1", "Node"));
  });
});
