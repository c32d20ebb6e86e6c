import { describe, expect, it } from "vitest";
import type { Draft } from "../../base/json.ts";
import type { Container, Pod, PodSpec } from "../types/core-v1.ts";
import { imageTag } from "./image-name.ts";
import { defaultPod } from "./pod-defaults.ts";
import { applyLabelKeys } from "./pod-label-keys.ts";
import { qosClass } from "./pod-resources.ts";
import { podWarnings } from "./pod-warnings.ts";
import { pod } from "./pod.ts";

function made(spec: Partial<PodSpec>, metadata: object = {}): Draft<Pod> {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p", ...metadata }, spec: { containers: [{ name: "c", image: "busybox", resources: {} }], ...spec } } as unknown as Draft<Pod>;
}

function container(requests?: Record<string, string>, limits?: Record<string, string>): Container {
  return { name: "c", image: "x", resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) } };
}

describe("image tags", () => {
  for (const [image, tag] of [
    ["busybox", "latest"],
    ["nginx:1.25", "1.25"],
    ["localhost:5000/a/b", "latest"],
    ["ghcr.io/acme/operator:v1@sha256:0123456789012345678901234567890123456789012345678901234567890123", "v1"],
    ["a/b@sha256:0123456789012345678901234567890123456789012345678901234567890123", ""],
    ["Not_Valid!", ""],
    ["UPPER", ""],
    ["x".repeat(300), ""],
  ]) {
    it(`of ${(image ?? "").slice(0, 40)}: ${tag}`, () => expect(imageTag(image ?? "")).toBe(tag));
  }
});

describe("defaults of Pods", () => {
  it("are the same the second time", () => {
    const draft = made({
      volumes: [{ name: "v" }, { name: "s", secret: { secretName: "x" } }],
      containers: [{ ...container(undefined, { cpu: "1" }), livenessProbe: { httpGet: { port: 80 } }, ports: [{ containerPort: 80, protocol: "TCP" }] }],
      hostNetwork: true,
    });
    defaultPod(draft);
    const once = structuredClone(draft);
    defaultPod(draft);
    expect(draft).toEqual(once);
    expect(once.spec?.containers?.[0]?.resources.requests).toEqual({ cpu: "1" });
    expect(once.spec?.containers?.[0]?.ports?.[0]?.hostPort).toBe(80);
    expect(once.spec?.volumes?.[0]?.emptyDir).toEqual({});
  });

  it("keep the old name of the service account equal to the new one", () => {
    const draft = made({ serviceAccount: "old" });
    defaultPod(draft);
    expect(draft.spec?.serviceAccountName).toBe("old");
  });

  it("sum up what the whole Pod asks for once its author has begun to say so", () => {
    const draft = made({ containers: [container({ cpu: "100m" }), container({ cpu: "200m" })], resources: { limits: { cpu: "1", memory: "1Gi" } } });
    defaultPod(draft);
    expect(draft.spec?.resources).toEqual({ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "300m", memory: "1Gi" } });
  });

  it("take the single address for the first of the list", () => {
    const draft = made({});
    draft.status = { podIP: "10.0.0.9", podIPs: [{ ip: "10.0.0.1" }] };
    defaultPod(draft);
    expect(draft.status.podIPs).toEqual([{ ip: "10.0.0.9" }]);
  });
});

describe("quality of service", () => {
  const both = { cpu: "1", memory: "1Gi" };
  for (const [what, containers, quality] of [
    ["nothing asked", [container()], "BestEffort"],
    ["other resources do not count", [container({ "example.com/gpu": "1" }, { "example.com/gpu": "1" })], "BestEffort"],
    ["requests equal limits", [container(both, both)], "Guaranteed"],
    ["the same amount written differently", [container({ cpu: "1000m", memory: "1Gi" }, both)], "Guaranteed"],
    ["one limit missing", [container(both, { cpu: "1" })], "Burstable"],
    ["one container asks for nothing", [container(both, both), container()], "Burstable"],
    ["requests below limits", [container({ cpu: "500m", memory: "1Gi" }, both)], "Burstable"],
    ["zero is nothing", [container({ cpu: "0" }, { cpu: "0" })], "BestEffort"],
  ] as const) {
    it(`${what}: ${quality}`, () => expect(qosClass({ spec: { containers } } as unknown as Pod)).toBe(quality));
  }
});

describe("grace of a deletion", () => {
  const placed = { spec: { containers: [], nodeName: "n", terminationGracePeriodSeconds: 30 }, status: { phase: "Running" } } as unknown as Pod;
  it("is the Pod's own, unless another is asked for", () => {
    expect(pod.gracePeriodSeconds?.(placed, undefined)).toBe(30);
    expect(pod.gracePeriodSeconds?.(placed, 5)).toBe(5);
  });
  it("is one second where it is negative", () => expect(pod.gracePeriodSeconds?.(placed, -1)).toBe(1));
  it("is none without a node and after the end", () => {
    expect(pod.gracePeriodSeconds?.({ ...placed, spec: { containers: [] } } as Pod, 5)).toBe(0);
    expect(pod.gracePeriodSeconds?.({ ...placed, status: { phase: "Failed" } } as Pod, 5)).toBe(0);
  });
});

describe("status writes", () => {
  it("keep owners, quality of service and the generations seen", () => {
    const old = {
      ...made({}, { ownerReferences: [{ uid: "a" }] }),
      status: { qosClass: "BestEffort", observedGeneration: 2, conditions: [{ type: "Ready", status: "True", observedGeneration: 2 }] },
    } as unknown as Pod;
    const draft = made({});
    draft.status = { conditions: [{ type: "Ready", status: "False" }] };
    pod.status?.prepare?.(draft, old, 0);
    expect(draft.metadata.ownerReferences).toEqual([{ uid: "a" }]);
    expect(draft.status).toEqual({ qosClass: "BestEffort", observedGeneration: 2, conditions: [{ type: "Ready", status: "False", observedGeneration: 2 }] });
  });
});

describe("label keys", () => {
  it("become requirements with the Pod's own values", () => {
    const draft = made(
      { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: {}, matchLabelKeys: ["ver", "none"] }] },
      { labels: { ver: "2" } },
    );
    applyLabelKeys(draft);
    expect(draft.spec?.topologySpreadConstraints?.[0]?.labelSelector).toEqual({ matchExpressions: [{ key: "ver", operator: "In", values: ["2"] }] });
  });
});

describe("warnings", () => {
  const warned = (spec: Partial<PodSpec>, metadata: object = {}): string[] => podWarnings(made(spec, metadata) as Pod);
  it("are none for a plain Pod", () => expect(warned({})).toEqual([]));
  it("name a name that is no label", () => {
    const rule = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    expect(warned({}, { name: "a.b" })).toEqual([`metadata.name: ${rule}: [must not contain dots]`]);
  });
  it("name variables that hide others", () => {
    const env = [
      { name: "A", value: "1" },
      { name: "A", value: "2" },
      { name: "A", value: "$(A)3" },
    ];
    expect(warned({ containers: [{ ...container(), env }] })).toEqual(['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply']);
  });
  it("name ports that stand twice and fractions of bytes", () => {
    const ports = [
      { containerPort: 80, protocol: "TCP" as const },
      { containerPort: 80, protocol: "TCP" as const, name: "b" },
    ];
    expect(warned({ containers: [{ ...container({ memory: "100m" }), ports }], terminationGracePeriodSeconds: -1 })).toEqual([
      'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
      "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
      "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
    ]);
  });
});
