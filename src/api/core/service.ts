/** Service: one stable address for a set of Pods. Addresses and node ports are allocated by the server. */
import type { Draft } from "../../base/json.ts";
import type { KindDeclaration } from "../declaration.ts";
import { services } from "../kinds.ts";
import { labelsText } from "../label-text.ts";
import { age, columns } from "../table.ts";
import type { Service } from "../types/core-v1.ts";
import { dnsLabelName } from "../validation/names.ts";
import { checkService, checkServiceStatus, checkServiceUpdate } from "./service-validation.ts";
import { serviceWarnings } from "./service-warnings.ts";

/** Three hours: upstream's default for session affinity by client address. */
const affinitySeconds = 10_800;

export const service: KindDeclaration<Service> = {
  ref: services,
  warnings: serviceWarnings,
  hasGeneration: false,
  generationRises: () => false,
  nameErrors: dnsLabelName,
  defaults,
  prepareCreate(draft) {
    draft.status = { loadBalancer: {} };
    alignClusterIps(draft);
    defaultFamilies(draft);
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<Service>["status"];
    alignClusterIps(draft, old);
    keepAllocations(draft, old);
    dropUnusable(draft, old);
    defaultFamilies(draft);
  },
  validate: checkService,
  validateUpdate: checkServiceUpdate,
  status: { validate: (object) => checkServiceStatus(object) },
  selectableFields: {
    "spec.clusterIP": (object) => object.spec.clusterIP ?? "",
    "spec.type": (object) => object.spec.type ?? "",
  },
  table: {
    columns: columns("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector*"),
    cells: (object, context) => [
      object.metadata.name,
      object.spec.type ?? "",
      object.spec.clusterIPs?.[0] ?? "<none>",
      externalText(object),
      portsText(object),
      age(object, context),
      labelsText(object.spec.selector),
    ],
  },
};

function defaults(draft: Draft<Service>): void {
  draft.spec ??= {};
  const spec = draft.spec;
  spec.sessionAffinity ||= "None";
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP") {
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinitySeconds;
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: seconds } };
  }
  spec.type ||= "ClusterIP";
  for (const port of spec.ports ?? []) {
    if (port === null) continue;
    port.protocol ||= "TCP";
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port ?? 0;
  }
  const exposed = spec.type === "NodePort" || spec.type === "LoadBalancer" || (spec.type === "ClusterIP" && (spec.externalIPs ?? []).length > 0);
  if (exposed) spec.externalTrafficPolicy ||= "Cluster";
  if (spec.type === "ClusterIP" || spec.type === "NodePort" || spec.type === "LoadBalancer") spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of draft.status?.loadBalancer?.ingress ?? []) if (ingress.ip !== undefined) ingress.ipMode ??= "VIP";
  }
}

/** clusterIP and the first of clusterIPs say the same; on an update the one that the client changed wins. */
function alignClusterIps(draft: Draft<Service>, old?: Service): void {
  const spec = draft.spec;
  const first = spec.clusterIPs?.[0];
  const oldIp = old?.spec.clusterIP ?? "";
  const changed = (spec.clusterIP ?? "") !== oldIp;
  if (old !== undefined && changed) {
    const pluralChanged = JSON.stringify(spec.clusterIPs ?? []) !== JSON.stringify(old.spec.clusterIPs ?? []);
    if ((spec.clusterIP ?? "") === "") {
      if (!pluralChanged) delete spec.clusterIPs;
      else if (first !== undefined) spec.clusterIP = first;
    } else if (!pluralChanged) spec.clusterIPs = [spec.clusterIP as string, ...(spec.clusterIPs ?? []).slice(1)];
    return;
  }
  if ((spec.clusterIP ?? "") !== "" && first === undefined) spec.clusterIPs = [spec.clusterIP as string];
  else if ((spec.clusterIP ?? "") === "" && first !== undefined) spec.clusterIP = first;
}

/** Single stack, IPv4: what a cluster with one service range offers. */
function defaultFamilies(draft: Draft<Service>): void {
  const spec = draft.spec;
  if (spec.type === "ExternalName") return;
  const headlessWithoutSelector = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
  if (spec.ipFamilyPolicy === undefined) spec.ipFamilyPolicy = headlessWithoutSelector ? "RequireDualStack" : "SingleStack";
  if ((spec.ipFamilies ?? []).length > 0) return;
  const dual = headlessWithoutSelector && spec.ipFamilyPolicy !== "SingleStack";
  const six = spec.clusterIPs?.[0]?.includes(":") === true;
  spec.ipFamilies = dual ? ["IPv4", "IPv6"] : [six ? "IPv6" : "IPv4"];
}

/** What was allocated stays when a client leaves it out, unless the type no longer uses it. */
function keepAllocations(draft: Draft<Service>, old: Service): void {
  const spec = draft.spec;
  const before = old.spec;
  const usesIp = (type: string | undefined): boolean => type !== "ExternalName";
  const usesNodePorts = (type: string | undefined): boolean => type === "NodePort" || type === "LoadBalancer";
  if (usesIp(before.type) && usesIp(spec.type)) {
    if ((spec.clusterIP ?? "") === "" && before.clusterIP !== undefined) spec.clusterIP = before.clusterIP;
    if ((spec.clusterIPs ?? []).length === 0 && spec.clusterIP === before.clusterIP) spec.clusterIPs = [...(before.clusterIPs ?? [])];
    spec.ipFamilies ??= [...(before.ipFamilies ?? [])];
    if (spec.ipFamilyPolicy === undefined && before.ipFamilyPolicy !== undefined) spec.ipFamilyPolicy = before.ipFamilyPolicy;
  }
  if (usesNodePorts(before.type) && usesNodePorts(spec.type)) {
    const known = new Map((before.ports ?? []).map((port) => [`${port.protocol}/${port.port}`, port.nodePort]));
    const taken = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) {
      const allocated = known.get(`${port.protocol}/${port.port}`);
      if (!port.nodePort && allocated !== undefined && !taken.has(allocated)) port.nodePort = allocated;
    }
  }
}

/** A change of type drops what only the old type used, where the client did not change it itself. */
function dropUnusable(draft: Draft<Service>, old: Service): void {
  const spec = draft.spec;
  const before = old.spec;
  if (spec.type === before.type) return;
  const usesIp = (type: string | undefined): boolean => type !== "ExternalName";
  const usesNodePorts = (type: string | undefined): boolean => type === "NodePort" || type === "LoadBalancer";
  if (usesIp(before.type) && !usesIp(spec.type) && spec.clusterIP === before.clusterIP) {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const) delete spec[field];
  }
  if (usesNodePorts(before.type) && !usesNodePorts(spec.type)) {
    const known = new Set((before.ports ?? []).map(({ nodePort }) => nodePort));
    for (const port of spec.ports ?? []) if (known.has(port.nodePort)) delete port.nodePort;
    if (spec.externalTrafficPolicy === before.externalTrafficPolicy && (spec.externalIPs ?? []).length === 0) delete spec.externalTrafficPolicy;
  }
  if (before.type === "LoadBalancer") {
    for (const field of ["loadBalancerClass", "allocateLoadBalancerNodePorts", "healthCheckNodePort"] as const) {
      if (spec[field] === before[field]) delete spec[field];
    }
  }
}

function externalText(object: Service): string {
  const { type, externalIPs = [], externalName = "" } = object.spec;
  switch (type) {
    case "ClusterIP":
    case "NodePort":
      return externalIPs.length > 0 ? externalIPs.join(",") : "<none>";
    case "LoadBalancer": {
      const ingress = object.status.loadBalancer?.ingress ?? [];
      const addresses = [...new Set(ingress.map(({ ip, hostname }) => ip || hostname || "").filter((text) => text !== ""))].sort();
      return [...addresses, ...externalIPs].join(",") || "<pending>";
    }
    case "ExternalName":
      return externalName;
    default:
      return "<unknown>";
  }
}

function portsText(object: Service): string {
  const ports = object.spec.ports ?? [];
  if (ports.length === 0) return "<none>";
  return ports.map(({ port, nodePort, protocol = "TCP" }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`)).join(",");
}
