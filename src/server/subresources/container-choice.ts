import { badRequest, notFound } from "../../base/status-error.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { ResourceCall } from "../context.ts";
import { keyOf } from "../keys.ts";
import type { ContainerTarget, NodeAgent } from "../node-agent.ts";

/** The Pod that a log or exec request names. Throws 404. */
export function podOf(call: ResourceCall): Pod {
  const stored = call.server.store.get(keyOf(call.kind, call.namespace, call.name));
  if (stored === undefined) throw notFound(call.kind.facts, call.name);
  return stored.object as Pod;
}

/** The container that is asked for, or the only one. Throws 400 in upstream's words. */
export function chooseContainer(pod: Pod, asked: string): string {
  const names = (containers: readonly { readonly name?: string }[] | undefined): string[] => (containers ?? []).map(({ name }) => name ?? "");
  const regular = names(pod.spec?.containers);
  const init = names(pod.spec?.initContainers);
  const ephemeral = names(pod.spec?.ephemeralContainers);
  const podName = pod.metadata.name ?? "";
  if (asked !== "") {
    if ([...regular, ...init, ...ephemeral].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${podName}`);
  }
  if (regular.length === 1) return regular[0] as string;
  if (regular.length === 0) throw badRequest(`a container name must be specified for pod ${podName}`);
  const others = [...(init.length > 0 ? [`one of the init containers: [${init.join(" ")}]`] : []), ...(ephemeral.length > 0 ? [`one of the ephemeral containers: [${ephemeral.join(" ")}]`] : [])];
  throw badRequest([`a container name must be specified for pod ${podName}, choose one of: [${regular.join(" ")}]`, ...others].join(" or "));
}

export function targetOf(call: ResourceCall, pod: Pod, container: string): ContainerTarget {
  return { namespace: call.namespace, pod: call.name, uid: pod.metadata.uid ?? "", container };
}

/** The agent of the Pod's node; undefined when the node cannot be reached. */
export function agentOf(call: ResourceCall, pod: Pod): NodeAgent | undefined {
  return call.server.nodeAgents(pod.spec?.nodeName ?? "");
}

/** What upstream's server says of a request to a node that it cannot reach: the request of its own that failed. */
export function unreachable(call: ResourceCall, pod: Pod, { verb, path, container, query }: { verb: "Get" | "Post"; path: string; container?: string; query?: readonly (readonly [name: string, value: string])[] }): string {
  const address = `${pod.status?.hostIP ?? pod.spec?.nodeName ?? ""}:10250`;
  const words = (query ?? []).map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%20", "+")}`).join("&");
  const place = [path, call.namespace, call.name, ...(container === undefined ? [] : [container])].join("/");
  return `${verb} "https://${address}/${place}${words === "" ? "" : `?${words}`}": dial tcp ${address}: connect: connection refused`;
}
