import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Pod, Service } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { formatTime } from "../../base/time.ts";
import type { SlicePlan } from "./fit.ts";
import { endpointsMax, planSlices } from "./plan.ts";

const start = formatTime(Date.UTC(2026, 0, 1));

function makeService(spec: object = {}, labels: { [key: string]: string } = { app: "web" }): Service {
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: { name: "web", namespace: "default", uid: "svc-uid", creationTimestamp: start, labels },
    spec: { type: "ClusterIP", clusterIP: "10.96.1.1", ipFamilies: ["IPv4"], selector: { app: "web" }, ports: [{ name: "", port: 80, protocol: "TCP", targetPort: 8080 }], ...spec },
    status: {},
  } as unknown as Service;
}

interface Traits {
  readonly ready?: boolean;
  readonly deleted?: boolean;
  readonly phase?: string;
  readonly node?: string;
  readonly ports?: readonly object[];
  readonly uid?: string;
  readonly hostname?: string;
}

function makePod(number: number, traits: Traits = {}): Pod {
  const { ready = true, phase = "Running" } = traits;
  const ip = `10.244.${Math.floor(number / 200)}.${number % 200}`;
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name: `p${String(number).padStart(4, "0")}`, namespace: "default", uid: traits.uid ?? `uid-${number}`, labels: { app: "web" }, ...(traits.deleted ? { deletionTimestamp: start } : {}) },
    spec: { nodeName: traits.node ?? "n", containers: [{ name: "c", ports: traits.ports ?? [] }], ...(traits.hostname === undefined ? {} : { hostname: traits.hostname, subdomain: "web" }) },
    status: { phase, podIP: ip, podIPs: [{ ip }], conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: start }] },
  } as unknown as Pod;
}

/** A Service with its slices in memory. */
class World {
  slices: EndpointSlice[] = [];
  pods: Pod[] = [];
  service = makeService();
  private serial = 0;

  plan(): SlicePlan {
    return planSlices({ service: this.service, pods: this.pods, zoneOf: (name) => (name === "gone" ? null : name === "zoned" ? "z1" : undefined), slices: this.slices });
  }

  step(): SlicePlan {
    const plan = this.plan();
    const gone = new Set(plan.delete.map(({ metadata }) => metadata.name));
    const changed = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
    const made = plan.create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, uid: `slice-${this.serial++}` } }));
    this.slices = [...this.slices.filter(({ metadata }) => !gone.has(metadata.name)).map((slice) => changed.get(slice.metadata.name) ?? slice), ...made].map(asServed);
    return plan;
  }

  addresses(): string[] {
    return this.slices.flatMap((slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses)).sort();
  }
}

/** The server has no empty lists here: it says null. */
function asServed(slice: EndpointSlice): EndpointSlice {
  return { endpoints: null, ports: null, ...slice } as unknown as EndpointSlice;
}

const nothing = { create: [], update: [], delete: [] };

describe("slices of a Service", () => {
  test("are labelled, owned, named by what called for them", () => {
    const world = new World();
    world.pods = [makePod(1), makePod(2, { ready: false, node: "zoned" }), makePod(3, { deleted: true })];
    const [slice] = world.step().create;
    expect(slice).toMatchObject({
      addressType: "IPv4",
      metadata: { generateName: "web-", labels: { app: "web", "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io", "kubernetes.io/service-name": "web" } },
      ports: [{ name: "", protocol: "TCP", port: 8080 }],
    });
    expect(slice?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(slice?.metadata.ownerReferences).toMatchObject([{ kind: "Service", name: "web", controller: true }]);
    expect(slice?.endpoints?.map(({ conditions }) => conditions)).toEqual([
      { ready: true, serving: true, terminating: false }, { ready: false, serving: false, terminating: false }, { ready: false, serving: true, terminating: true },
    ]);
    expect(slice?.endpoints?.map(({ zone }) => zone)).toEqual([undefined, "z1", undefined]);
    expect(slice?.endpoints?.[0]?.targetRef).toEqual({ kind: "Pod", namespace: "default", name: "p0001", uid: "uid-1" });
    expect(world.plan()).toEqual(nothing);
  });

  test("one without Pods keeps one empty slice, and the same one when Pods come and go", () => {
    const world = new World();
    const [empty] = world.step().create;
    expect(empty).not.toHaveProperty("endpoints");
    expect(empty).not.toHaveProperty("ports");
    expect(world.plan()).toEqual(nothing);
    world.pods = [makePod(1)];
    world.step();
    world.pods = [];
    world.step();
    expect(world.slices.map(({ metadata }) => metadata.name)).toEqual([empty?.metadata.name]);
    expect(world.plan()).toEqual(nothing);
  });

  test("Pods that ended, have no address or sit on a missing node are left out", () => {
    const world = new World();
    const without = makePod(4);
    world.pods = [makePod(1), makePod(2, { phase: "Failed" }), makePod(3, { node: "gone" }), { ...without, status: { ...without.status, podIP: "", podIPs: [] } } as Pod];
    world.step();
    expect(world.addresses()).toEqual(["10.244.0.1"]);
  });

  test("publishNotReadyAddresses calls every Pod ready", () => {
    const world = new World();
    world.service = makeService({ publishNotReadyAddresses: true });
    world.pods = [makePod(1, { ready: false }), makePod(2, { deleted: true })];
    world.step();
    expect(world.slices[0]?.endpoints?.map(({ conditions }) => conditions.ready)).toEqual([true, true]);
  });

  test("a named port with another number in other Pods gives another slice", () => {
    const world = new World();
    world.service = makeService({ ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: "web" }] });
    world.pods = [makePod(1, { ports: [{ name: "web", containerPort: 80 }] }), makePod(2, { ports: [{ name: "web", containerPort: 81 }] })];
    world.step();
    expect(world.slices.map(({ ports }) => ports?.[0]?.port).sort()).toEqual([80, 81]);
  });

  test("a headless one says so, and names Pods that have a hostname below it", () => {
    const world = new World();
    world.service = makeService({ clusterIP: "None", ports: undefined });
    world.pods = [makePod(1, { hostname: "first" })];
    world.step();
    expect(world.slices[0]?.metadata.labels).toMatchObject({ "service.kubernetes.io/headless": "" });
    expect(world.slices[0]?.endpoints?.[0]?.hostname).toBe("first");
    expect(world.slices[0]?.ports).toBeNull();
  });

  test("labels of the Service go along", () => {
    const world = new World();
    world.pods = [makePod(1)];
    world.step();
    world.service = makeService({}, { app: "web", tier: "front" });
    expect(world.step().update[0]?.metadata.labels).toMatchObject({ tier: "front" });
    expect(world.plan()).toEqual(nothing);
  });

  test("250 Pods make three slices; ten more go into the one with room", () => {
    const world = new World();
    world.pods = Array.from({ length: 250 }, (_, i) => makePod(i));
    world.step();
    expect(world.slices.map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 50]);
    world.pods = Array.from({ length: 260 }, (_, i) => makePod(i));
    const plan = world.step();
    expect(plan).toMatchObject({ create: [], delete: [] });
    expect(plan.update).toHaveLength(1);
    expect(world.slices.map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 60]);
  });
});

test("after one step the slices tell just the reachable Pods, each once, none is too full, and nothing is left to do", () => {
  const pod = fc.record({ number: fc.nat(240), ready: fc.boolean(), deleted: fc.boolean(), port: fc.constantFrom(80, 81), phase: fc.constantFrom("Running", "Running", "Failed") });
  const rounds = fc.array(fc.uniqueArray(pod, { selector: ({ number }) => number, maxLength: 230 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rounds, fc.boolean(), (all, named) => {
      const world = new World();
      if (named) world.service = makeService({ ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: "web" }] });
      for (const traits of all) {
        world.pods = traits.map((each) => makePod(each.number, { ...each, ports: [{ name: "web", containerPort: each.port }] })).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
        world.step();
        const reachable = world.pods.filter(({ status }) => status.phase === "Running").map(({ status }) => status.podIP as string);
        expect(world.addresses()).toEqual(reachable.sort());
        expect(world.slices.length).toBeGreaterThan(0);
        expect(world.slices.every(({ endpoints }) => (endpoints ?? []).length <= endpointsMax)).toBe(true);
        expect(new Set(world.slices.map(({ metadata }) => metadata.name)).size).toBe(world.slices.length);
        expect(world.plan()).toEqual(nothing);
      }
    }),
    { numRuns: 60 },
  );
});
