import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Endpoints, Pod, Service } from "../../api/types/core-v1.ts";
import { planEndpoints } from "./plan.ts";

function makeService(spec: object = {}): Service {
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: { name: "web", namespace: "default", uid: "svc-uid", labels: { app: "web" } },
    spec: { type: "ClusterIP", clusterIP: "10.96.1.1", ipFamilies: ["IPv4"], selector: { app: "web" }, ports: [{ port: 80, protocol: "TCP", targetPort: "http" }], ...spec },
    status: {},
  } as unknown as Service;
}

function makePod(name: string, ip: string, options: { ready?: boolean; deleted?: boolean; port?: number } = {}): Pod {
  const { ready = true, deleted = false, port = 8080 } = options;
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name, namespace: "default", uid: `uid-${name}`, labels: { app: "web" }, ...(deleted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
    spec: { nodeName: "n", containers: [{ name: "c", ports: [{ name: "http", containerPort: port }] }] },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  } as unknown as Pod;
}

function plan(service: Service, pods: readonly Pod[], standing?: Endpoints): Endpoints | undefined {
  return planEndpoints(service, { pods, standing, time: "2026-01-01T00:00:00Z" });
}

describe("the Endpoints of a Service", () => {
  test("tell ready and waiting addresses in order, with the labels of the Service", () => {
    const made = plan(makeService(), [makePod("a", "10.244.1.9"), makePod("b", "10.244.1.10"), makePod("c", "10.244.1.3", { ready: false }), makePod("d", "10.244.1.4", { deleted: true })]);
    expect(made?.metadata).toMatchObject({
      name: "web", labels: { app: "web", "endpoints.kubernetes.io/managed-by": "endpoint-controller" }, annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z" },
    });
    expect(made?.subsets?.map(({ addresses, notReadyAddresses, ports }) => [addresses?.map(({ ip }) => ip), notReadyAddresses?.map(({ ip }) => ip), ports])).toEqual([
      [["10.244.1.10", "10.244.1.9"], ["10.244.1.3"], [{ port: 8080, protocol: "TCP" }]],
    ]);
    expect(plan(makeService(), [makePod("a", "10.244.1.9")], plan(makeService(), [makePod("a", "10.244.1.9")]))).toBeUndefined();
  });

  test("Pods with other numbers under one name stand in subsets of their own", () => {
    const made = plan(makeService(), [makePod("a", "10.244.1.1"), makePod("b", "10.244.1.2", { port: 9090 })]);
    expect(made?.subsets?.map(({ ports }) => ports?.[0]?.port)).toEqual([8080, 9090]);
  });

  test("a headless one without ports tells addresses alone, and says that it is headless", () => {
    const made = plan(makeService({ clusterIP: "None", ports: undefined }), [makePod("a", "10.244.1.1")]);
    expect(made?.subsets).toEqual([{ addresses: [expect.objectContaining({ ip: "10.244.1.1" })] }]);
    expect(made?.metadata.labels).toMatchObject({ "service.kubernetes.io/headless": "" });
  });

  test("publishNotReadyAddresses calls waiting and leaving Pods ready", () => {
    const made = plan(makeService({ publishNotReadyAddresses: true }), [makePod("a", "10.244.1.1", { ready: false }), makePod("b", "10.244.1.2", { deleted: true })]);
    expect(made?.subsets?.[0]?.addresses).toHaveLength(2);
  });

  test("beyond a thousand addresses the waiting ones are left out first, and the object says so", () => {
    const pods = Array.from({ length: 1010 }, (_, i) => makePod(`p${i}`, `10.244.${Math.floor(i / 200)}.${i % 200}`, { ready: i >= 20 }));
    const made = plan(makeService(), pods);
    expect(made?.metadata.annotations).toMatchObject({ "endpoints.kubernetes.io/over-capacity": "truncated" });
    expect(made?.subsets?.[0]?.addresses).toHaveLength(990);
    expect(made?.subsets?.[0]?.notReadyAddresses).toHaveLength(10);
    expect(plan(makeService(), pods.slice(0, 5), made)?.metadata.annotations).not.toHaveProperty("endpoints.kubernetes.io/over-capacity");
  });

  test("without Pods there are no subsets", () => {
    expect(plan(makeService(), [])).not.toHaveProperty("subsets");
  });
});

test("every reachable Pod stands exactly once, ready ones apart from waiting ones, whatever the order of the Pods; then nothing is left to write", () => {
  const drawn = fc.record({ number: fc.nat(250), ready: fc.boolean(), deleted: fc.boolean(), port: fc.constantFrom(8080, 9090), phase: fc.constantFrom("Running", "Running", "Failed") });
  const rounds = fc.array(fc.uniqueArray(drawn, { selector: ({ number }) => number, maxLength: 40 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(rounds, fc.boolean(), (all, early) => {
      const service = makeService({ publishNotReadyAddresses: early });
      let standing: Endpoints | undefined;
      for (const traits of all) {
        const pods = traits.map(({ phase, number, ...rest }) => {
          const pod = makePod(`p${number}`, `10.244.0.${number}`, rest);
          return { ...pod, status: { ...pod.status, phase } } as Pod;
        });
        standing = plan(service, pods, standing) ?? standing;
        const told = (ready: boolean): string[] => (standing?.subsets ?? []).flatMap((subset) => ((ready ? subset.addresses : subset.notReadyAddresses) ?? []).map(({ ip }) => `${ip}:${subset.ports?.[0]?.port}`));
        const wanted = traits.filter(({ phase, deleted }) => phase === "Running" && (early || !deleted));
        const expected = (ready: boolean): string[] => wanted.filter((each) => (each.ready || early) === ready).map(({ number, port }) => `10.244.0.${number}:${port}`);
        for (const ready of [true, false]) expect(told(ready).sort()).toEqual(expected(ready).sort());
        expect(plan(service, pods.toReversed(), standing)).toBeUndefined();
      }
    }),
    { numRuns: 60 },
  );
});

test("beyond a thousand addresses the object says so, keeps the ready ones and comes to rest", () => {
  fc.assert(
    fc.property(fc.integer({ min: 950, max: 1050 }), fc.nat(60), (count, waiting) => {
      const pods = Array.from({ length: count }, (_, i) => makePod(`p${i}`, `10.244.${Math.floor(i / 250)}.${i % 250}`, { ready: i >= waiting }));
      const made = plan(makeService(), pods) as Endpoints;
      const [subset] = made.subsets ?? [];
      expect((subset?.addresses ?? []).length).toBe(Math.min(count - waiting, 1000));
      expect((subset?.addresses ?? []).length + (subset?.notReadyAddresses ?? []).length).toBe(Math.min(count, 1000));
      expect(made.metadata.annotations?.["endpoints.kubernetes.io/over-capacity"]).toBe(count > 1000 ? "truncated" : undefined);
      expect(plan(makeService(), pods, made)).toBeUndefined();
    }),
    { numRuns: 10 },
  );
});
