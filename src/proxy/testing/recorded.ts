import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Service } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { parseIpv4Range } from "../../base/ipv4.ts";
import type { ProxyNode } from "../plan.ts";
import { ServiceRules } from "../service-rules.ts";

/** Cases recorded from a real kube-proxy (golden/iptables.jsonl) and the node on which it ran. */
export interface RecordedCase {
  readonly name: string;
  readonly objects: readonly (Service | EndpointSlice)[];
  /** What iptables-save printed. */
  readonly rules: string;
}

export const recordedNode: ProxyNode = { name: "learning-worker", zone: "zone-a", addresses: ["172.18.0.3"], podRange: parseIpv4Range("10.244.0.0/16") };

/** Stands in every case. */
const kubernetes = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "kubernetes", namespace: "default" },
  spec: { type: "ClusterIP", clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1"], ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: 6443 }] },
  status: { loadBalancer: {} },
} as unknown as Service;

export function recordedCases(): RecordedCase[] {
  return readFileSync(join(import.meta.dirname, "../golden/iptables.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { case: string; objects: (Service | EndpointSlice)[]; rules: string })
    .map((recorded) => ({ name: recorded.case, objects: [kubernetes, ...recorded.objects], rules: recorded.rules }));
}

export function recordedCase(name: string): RecordedCase {
  const found = recordedCases().find((recorded) => recorded.name === name);
  if (found === undefined) throw new Error(`no case is called ${name}`);
  return found;
}

export function rulesOf(objects: readonly (Service | EndpointSlice)[]): ServiceRules {
  const rules = new ServiceRules();
  rules.update(
    objects.filter((object): object is Service => object.kind === "Service"),
    objects.filter((object): object is EndpointSlice => object.kind === "EndpointSlice"),
  );
  return rules;
}
