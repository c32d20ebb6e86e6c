/** Service: one stable address for a set of Pods. Addresses and node ports are allocated by the server. */
import type { Draft } from "../../base/json.ts";
import type { KindDeclaration } from "../declaration.ts";
import { services } from "../kinds.ts";
import { labelsText } from "../label-text.ts";
import { age, columns } from "../table.ts";
import type { Service, ServiceSpec } from "../types/core-v1.ts";
import { dnsLabelName } from "../validation/names.ts";
import { alignChangedIps, alignClusterIps, dropUnusable, isExposed, keepAllocations } from "./service-allocations.ts";
import { settleFamilies } from "./service-families.ts";
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
    settleFamilies(draft);
  },
  prepareUpdate(draft, old) {
    // A load balancer takes a moment to go; its addresses are not shown meanwhile.
    draft.status = draft.spec.type === "LoadBalancer" ? (old.status as Draft<Service>["status"]) : { ...(old.status as Draft<Service>["status"]), loadBalancer: {} };
    keepAllocations(draft, old);
    alignChangedIps(draft, old);
    settleFamilies(draft, old);
    dropUnusable(draft, old);
  },
  validate: checkService,
  validateUpdate: checkServiceUpdate,
  changesFirst: true,
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
  if (isExposed(spec as ServiceSpec)) spec.externalTrafficPolicy ||= "Cluster";
  if (spec.type === "ClusterIP" || spec.type === "NodePort" || spec.type === "LoadBalancer") spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of draft.status?.loadBalancer?.ingress ?? []) if (ingress.ip !== undefined) ingress.ipMode ??= "VIP";
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
