import { fnv1a32 } from "../base/hash.ts";
import type { Partially } from "../base/json.ts";
import { sameData } from "../api/equality.ts";
import { formatTime } from "../base/time.ts";
import type { Node, NodeCondition, NodeStatus, Taint } from "../api/types/core-v1.ts";
import type { ContainerImage } from "../api/types/core-v1.ts";

/** What is given of a node; the kubelet makes its Node object of it. */
export interface NodeFacts {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly labels: { readonly [key: string]: string };
  readonly taints: readonly Taint[];
  /** cpu, memory, pods, ephemeral-storage …; what is missing is the house's default. */
  readonly capacity: { readonly [resource: string]: string };
  readonly podCIDR?: string;
}

export const kubeletVersion = "v1.36.3";
/** The machine of a cluster that says nothing of its machines. */
const capacityDefault = { cpu: "4", "ephemeral-storage": "102350380Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0", memory: "8Gi", pods: "110" } as const;

export function capacityOf(facts: NodeFacts): { readonly [resource: string]: string } {
  const all: { [resource: string]: string } = { ...capacityDefault, ...facts.capacity };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** An id in the form of /etc/machine-id, a function of the name. */
function idOf(kind: string, name: string): string {
  let hex = "";
  for (let i = 0; i < 4; i++) hex += fnv1a32(`${kind}/${i}/${name}`).toString(16).padStart(8, "0");
  return hex;
}

function dashed(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function nodeLabels(facts: NodeFacts): { readonly [key: string]: string } {
  return { "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": facts.name, "kubernetes.io/os": "linux", ...facts.labels };
}

const healthy: readonly (readonly [type: string, reason: string, message: string])[] = [
  ["MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  ["DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
];

function conditions(now: number, before: readonly NodeCondition[]): NodeCondition[] {
  const time = formatTime(now);
  const condition = (type: string, status: string, reason: string, message: string): NodeCondition => {
    const old = before.find((each) => each.type === type);
    return { type, status, lastHeartbeatTime: time, lastTransitionTime: old?.status === status && old.lastTransitionTime ? old.lastTransitionTime : time, reason, message };
  };
  const own = [...healthy.map(([type, reason, message]) => condition(type, "False", reason, message)), condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")];
  return [...own, ...before.filter(({ type }) => !own.some((each) => each.type === type))];
}

export function nodeStatus(options: { facts: NodeFacts; now: number; bootId: string; images: readonly ContainerImage[]; before: NodeStatus | undefined }): NodeStatus {
  const { facts, now, before } = options;
  const capacity = capacityOf(facts);
  const next: NodeStatus = {
    ...before,
    addresses: [...facts.addresses.map((address) => ({ type: "InternalIP" as const, address })), { type: "Hostname" as const, address: facts.name }],
    allocatable: capacity,
    capacity,
    conditions: conditions(now, before?.conditions ?? []),
    daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    images: options.images,
    nodeInfo: {
      machineID: idOf("machine", facts.name),
      systemUUID: dashed(idOf("system", facts.name)),
      bootID: dashed(options.bootId),
      kernelVersion: "6.12.48+deb13-amd64",
      osImage: "Debian GNU/Linux 12 (bookworm)",
      containerRuntimeVersion: "containerd://2.2.0",
      kubeletVersion,
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: "amd64",
      swap: { capacity: 0 },
    },
    runtimeHandlers: [{ name: "", features: { recursiveReadOnlyMounts: true, userNamespaces: true } }, { name: "runc", features: { recursiveReadOnlyMounts: true, userNamespaces: true } }],
    features: { supplementalGroupsPolicy: true },
  };
  return before === undefined ? next : withUnchanged(next, before);
}

/** Parts that say what they said before are the very same objects, so that the server need not look into them. */
function withUnchanged(next: NodeStatus, before: NodeStatus): NodeStatus {
  const parts = Object.entries(next).map(([name, part]) => {
    const old = before[name as keyof NodeStatus];
    return [name, sameData(part, old) ? old : part];
  });
  return Object.fromEntries(parts) as unknown as NodeStatus;
}

export function newNode(facts: NodeFacts, status: NodeStatus): Partially<Node> {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: facts.name, labels: nodeLabels(facts), annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" } },
    spec: {
      ...(facts.taints.length === 0 ? {} : { taints: facts.taints }),
      ...(facts.podCIDR === undefined ? {} : { podCIDR: facts.podCIDR, podCIDRs: [facts.podCIDR] }),
    },
    status,
  };
}

/** Random in upstream; here a function of the machine and its boot. */
export function bootIdOf(name: string, bootedAt: number): string {
  return idOf(`boot/${bootedAt}`, name);
}
