import type { Service } from "../src/api/types/core-v1.ts";
import type { EndpointSlice } from "../src/api/types/discovery-v1.ts";
import { parseIpv4Range } from "../src/base/ipv4.ts";
import { IptablesText } from "../src/proxy/iptables.ts";
import type { ProxyNode } from "../src/proxy/plan.ts";
import { ServiceRules } from "../src/proxy/service-rules.ts";
import type { Figure } from "./figures.ts";
import { median } from "./figures.ts";
import { besideYardstick } from "./yardstick.ts";

const servicesMax = 5000;
const endpointsOfService = 10;
const node: ProxyNode = { name: "node-1", zone: "", addresses: ["172.18.0.3"], podRange: parseIpv4Range("10.0.0.0/8") };

function service(index: number): Service {
  const clusterIP = `10.96.${index >> 8}.${index & 255}`;
  const spec = { type: "ClusterIP", clusterIP, clusterIPs: [clusterIP], ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name: `service-${index}`, namespace: "default" }, spec, status: { loadBalancer: {} } } as unknown as Service;
}

function slice(index: number, count = endpointsOfService): EndpointSlice {
  const endpoints = Array.from({ length: count }, (_, i) => {
    const number = index * endpointsOfService + i;
    return { addresses: [`10.${10 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`], conditions: { ready: true, serving: true, terminating: false }, nodeName: `node-${i}` };
  });
  const metadata = { name: `service-${index}-x`, namespace: "default", labels: { "kubernetes.io/service-name": `service-${index}` } };
  return { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata, addressType: "IPv4", endpoints, ports: [{ name: "http", port: 8080, protocol: "TCP" }] } as unknown as EndpointSlice;
}

/** A node's proxy: objects to the whole text of its rules, and one endpoint's change to the text of what changed. */
export async function proxy(): Promise<Figure[]> {
  const services = Array.from({ length: servicesMax }, (_, i) => service(i));
  const slices = Array.from({ length: servicesMax }, (_, i) => slice(i));
  const builds: number[] = [];
  const changes: number[] = [];
  for (let run = 0; run < 5; run++) {
    const started = performance.now();
    const rules = new ServiceRules();
    rules.update(services, slices);
    const text = new IptablesText({ rules, node });
    const size = text.restore().length;
    builds.push(performance.now() - started);
    if (size < 1_000_000) throw new Error("the rules of 5,000 Services are longer than that");
    for (let i = 0; i < 20; i++) {
      const changed = slice(i * 97, endpointsOfService - 1);
      const before = performance.now();
      rules.setSlice(`default/${changed.metadata.name}`, changed);
      if (!text.changes()?.includes("-X KUBE-SEP-")) throw new Error("the change deletes an endpoint's chain");
      changes.push(performance.now() - before);
    }
  }
  return besideYardstick([
    { what: "Proxy rules of 5,000 Services × 10 endpoints, first build in the process", value: builds[0] as number, unit: "ms", goal: 300 },
    { what: "Proxy rules of 5,000 Services × 10 endpoints, built again (median)", value: median(builds.slice(1)), unit: "ms", goal: 300 },
    { what: "Proxy rules after one endpoint changed (median of 100)", value: median(changes), unit: "ms", goal: 10 },
  ]);
}
