import { expect, test } from "vitest";
import { loadSchema } from "./schema/schema.ts";
import { decode } from "./schema/decode.ts";
import { KindRegistry } from "./registry.ts";
import type { KubeObject } from "./kind-ref.ts";
import type { JsonObject } from "../base/json.ts";

/** What clients hear about objects that are accepted. */
const [registry, schema] = [KindRegistry.default(), loadSchema()];

function warnings(object: JsonObject): string[] {
  const kind = registry.byKind(object["apiVersion"] as string, object["kind"] as string);
  if (kind === undefined) throw new Error("no such kind");
  const draft = decode(schema, kind.facts.type, object, "strict").object;
  kind.declaration?.defaults?.(draft);
  return kind.declaration?.warnings?.(draft as KubeObject) ?? [];
}

const pods = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };

test.each<[string, JsonObject, string[]]>([
  [
    "names with dots of what makes Pods",
    { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a.b" }, spec: { selector: { matchLabels: { a: "b" } }, template: pods } },
    ["metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"],
  ],
  [
    "old ways to name a class of storage, and to use a volume again",
    { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "v", annotations: { "volume.beta.kubernetes.io/storage-class": "x" } }, spec: { capacity: { storage: "1" }, persistentVolumeReclaimPolicy: "Recycle", nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "beta.kubernetes.io/arch", operator: "Exists" }] }] } } } },
    [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
      'spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead',
    ],
  ],
  [
    "a fraction of a byte",
    { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "c" }, spec: { resources: { requests: { storage: "100m" } } } },
    ['spec.resources.requests[storage]: fractional byte value "100m" is invalid, must be an integer'],
  ],
  [
    "topologies by old labels",
    { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "s" }, provisioner: "p", allowedTopologies: [{ matchLabelExpressions: [{ key: "failure-domain.beta.kubernetes.io/zone", values: ["a"] }] }] },
    ['allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ],
  [
    "nodes by old labels",
    { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "r" }, handler: "h", scheduling: { nodeSelector: { "beta.kubernetes.io/os": "linux" } } },
    ['scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    "the class of an Ingress in an annotation",
    { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: { name: "i", annotations: { "kubernetes.io/ingress.class": "x" } }, spec: {} },
    [`annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`],
  ],
  [
    "ranges of IPv6 that are not written as usual",
    { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "n" }, spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: "FD00::/64" } }] }] } },
    ['spec.egress[0].to[0].ipBlock.cidr: IPv6 CIDR value "FD00::/64" should be in RFC 5952 canonical format ("fd00::/64")'],
  ],
  [
    "addresses with leading zeros",
    { apiVersion: "v1", kind: "Service", metadata: { name: "s", annotations: { "service.kubernetes.io/topology-aware-hints": "auto" } }, spec: { ports: [{ port: 80 }], loadBalancerIP: "010.0.0.1" } },
    [
      "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
      'spec.loadBalancerIP: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
    ],
  ],
  ["fields of nodes that nobody reads", { apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: { externalID: "x" } }, ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]],
])("%s", (_what, object, expected) => {
  expect(warnings(object)).toEqual(expected);
});
