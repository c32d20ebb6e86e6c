import fc from "fast-check";
import type { Service } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";

/** Services and EndpointSlices of every sort, few enough names that they meet and change one another. */

const nodes = ["learning-worker", "learning-worker2"];
const zones = ["zone-a", "zone-b"];

export const serviceNames = ["a", "b", "c"];

const portArbitrary = fc.record({ name: fc.constantFrom("http", "dns"), protocol: fc.constantFrom("TCP", "UDP"), port: fc.constantFrom(80, 53), nodePort: fc.constantFrom(0, 30080, 30081) });

export const serviceArbitrary: fc.Arbitrary<Service> = fc
  .record({
    name: fc.constantFrom(...serviceNames),
    type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    isHeadless: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
    ports: fc.uniqueArray(portArbitrary, { minLength: 1, maxLength: 2, selector: ({ name, protocol }) => name + protocol }),
    internalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
    externalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
    sessionAffinity: fc.constantFrom("None", "ClientIP"),
    externalIPs: fc.subarray(["198.51.100.9"]),
    ingress: fc.subarray([{ ip: "203.0.113.7" }, { ip: "203.0.113.8", ipMode: "Proxy" }]),
    loadBalancerSourceRanges: fc.subarray(["10.0.0.0/8", "192.0.2.0/24", "172.18.0.0/16"]),
  })
  .map(({ name, isHeadless, ingress, ports, ...spec }) => {
    const clusterIP = isHeadless ? "None" : `10.96.10.${serviceNames.indexOf(name) + 1}`;
    const hasNodePorts = spec.type === "NodePort" || spec.type === "LoadBalancer";
    return {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default" },
      spec: { ...spec, clusterIP, clusterIPs: [clusterIP], ports: ports.map((port) => ({ ...port, nodePort: hasNodePorts ? port.nodePort : 0 })), sessionAffinityConfig: { clientIP: { timeoutSeconds: 100 } } },
      status: { loadBalancer: spec.type === "LoadBalancer" ? { ingress } : {} },
    } as unknown as Service;
  });

const endpointArbitrary = fc
  .record({
    last: fc.integer({ min: 1, max: 9 }),
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    node: fc.constantFrom(0, 1),
    forZones: fc.option(fc.constantFrom(...zones), { nil: undefined }),
    forNodes: fc.option(fc.constantFrom(...nodes), { nil: undefined }),
  })
  .map(({ last, ready, serving, terminating, node, forZones, forNodes }) => ({
    addresses: [`10.244.${node + 1}.${last}`],
    conditions: { ready: ready && !terminating, serving, terminating },
    nodeName: nodes[node],
    zone: zones[node],
    hints: { forZones: forZones ? [{ name: forZones }] : [], forNodes: forNodes ? [{ name: forNodes }] : [] },
  }));

export const sliceArbitrary: fc.Arbitrary<EndpointSlice> = fc
  .record({
    service: fc.constantFrom(...serviceNames),
    index: fc.integer({ min: 1, max: 2 }),
    endpoints: fc.array(endpointArbitrary, { maxLength: 4 }),
    ports: fc.uniqueArray(fc.record({ name: fc.constantFrom("http", "dns"), protocol: fc.constantFrom("TCP", "UDP"), port: fc.constantFrom(8080, 53) }), {
      minLength: 1,
      maxLength: 3,
      selector: ({ name, protocol }) => name + protocol,
    }),
  })
  .map(({ service, index, endpoints, ports }) => {
    const metadata = { name: `slice-${index}`, namespace: "default", labels: { "kubernetes.io/service-name": service } };
    return { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata, addressType: "IPv4", endpoints, ports } as unknown as EndpointSlice;
  });
