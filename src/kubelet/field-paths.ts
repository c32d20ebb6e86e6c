import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from "../api/types/core-v1.ts";
import { milliValue, quantityValue } from "../base/quantity.ts";

/** The values that fieldRef and resourceFieldRef name: for environment variables and downward API files. */
function escapeQuotes(text: string): string {
  return JSON.stringify(text);
}

function printMap(map: { readonly [key: string]: string } | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${escapeQuotes((map ?? {})[key] as string)}`)
    .join("\n");
}

/** Addresses are those of the sandbox, which the status may not show yet. */
export interface PodAddresses {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
}

/** Undefined for a path that the API would have refused. */
export function podField({ fieldPath }: ObjectFieldSelector, pod: Pod, addresses: PodAddresses): string | undefined {
  const subscript = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(fieldPath);
  if (subscript) return (subscript[1] === "labels" ? pod.metadata.labels : pod.metadata.annotations)?.[subscript[2] as string] ?? "";
  switch (fieldPath) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid;
    case "metadata.labels":
      return printMap(pod.metadata.labels);
    case "metadata.annotations":
      return printMap(pod.metadata.annotations);
    case "spec.nodeName":
      return pod.spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "status.hostIP":
      return addresses.hostIps[0] ?? "";
    case "status.hostIPs":
      return addresses.hostIps.join(",");
    case "status.podIP":
      return addresses.podIps[0] ?? "";
    case "status.podIPs":
      return addresses.podIps.join(",");
    default:
      return undefined;
  }
}

/** A container's request or limit, divided and rounded up; a missing limit is what the node can give. */
export function resourceField(selector: ResourceFieldSelector, container: Container, allocatable: { readonly [resource: string]: string }): string {
  const [side, ...rest] = selector.resource.split(".");
  const resource = rest.join(".");
  const amounts = side === "limits" ? container.resources.limits : container.resources.requests;
  const quantity = amounts?.[resource] ?? (side === "limits" ? allocatable[resource] : undefined) ?? "0";
  const divisor = selector.divisor === undefined || selector.divisor === "0" ? "1" : selector.divisor;
  if (resource === "cpu") return String(Math.ceil(milliValue(quantity) / milliValue(divisor)));
  return String(Math.ceil(quantityValue(quantity) / quantityValue(divisor)));
}
