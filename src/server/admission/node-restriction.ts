import { mayKubeletSetLabel } from "../../api/core/node-labels.ts";
import { forbidden } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Node, Pod } from "../../api/types/core-v1.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";

/** NodeRestriction: a node writes its own Node and Lease, and the Pods that are bound to it, and nothing else. */
type Judge = (request: AdmissionRequest, nodeName: string) => void;

const judges: { readonly [kind: string]: Judge } = { Pod: judgePod, Node: judgeNode, Lease: judgeLease };

export const nodeRestriction: AdmissionPlugin = {
  name: "NodeRestriction",
  validate(request) {
    const { user } = request;
    if (!user.groups.includes("system:nodes") || !user.name.startsWith("system:node:")) return;
    judges[request.kind.facts.kind]?.(request, user.name.slice("system:node:".length));
  },
};

function refuse(request: AdmissionRequest, why: string): never {
  throw forbidden(request.kind.facts, request.name, why);
}

function judgePod(request: AdmissionRequest, nodeName: string): void {
  const { operation, subresource, object, old } = request;
  const nodeOf = (pod: KubeObject | undefined): string => (pod as Pod | undefined)?.spec?.nodeName ?? "";
  if (operation === "CREATE" && subresource === "") {
    if (object?.metadata.annotations?.["kubernetes.io/config.mirror"] === undefined) refuse(request, `pod does not have "kubernetes.io/config.mirror" annotation, node ${JSON.stringify(nodeName)} can only create mirror pods`);
    if (nodeOf(object as KubeObject) !== nodeName) refuse(request, `node ${JSON.stringify(nodeName)} can only create pods with spec.nodeName set to itself`);
  } else if (operation === "UPDATE" && subresource === "status") {
    if (nodeOf(old) !== nodeName) refuse(request, `node ${JSON.stringify(nodeName)} can only update pod status for pods with spec.nodeName set to itself`);
  } else if (operation === "DELETE") {
    if (nodeOf(old) !== nodeName) refuse(request, `node ${JSON.stringify(nodeName)} can only delete pods with spec.nodeName set to itself`);
  } else refuse(request, `unexpected operation ${JSON.stringify(operation)}, node ${JSON.stringify(nodeName)} can only create and delete mirror pods`);
}

function judgeNode(request: AdmissionRequest, nodeName: string): void {
  const { operation, object, old, name } = request;
  if (name !== nodeName) refuse(request, `node ${JSON.stringify(nodeName)} is not allowed to modify node ${JSON.stringify(name)}`);
  if (operation === "DELETE") refuse(request, `node ${JSON.stringify(nodeName)} cannot delete node ${JSON.stringify(name)}`);
  const before = old?.metadata.labels ?? {};
  const after = object?.metadata.labels ?? {};
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key] && !mayKubeletSetLabel(key)).toSorted();
  if (changed.length > 0) refuse(request, `is not allowed to modify labels: ${changed.join(", ")}`);
  if (operation !== "UPDATE" || request.subresource !== "") return;
  const taints = (node: unknown): string => JSON.stringify((node as Node).spec?.taints ?? []);
  if (taints(object) !== taints(old)) refuse(request, `node ${JSON.stringify(nodeName)} is not allowed to modify taints`);
}


function judgeLease(request: AdmissionRequest, nodeName: string): void {
  if (request.namespace !== "kube-node-lease") refuse(request, `can only access leases in the "kube-node-lease" system namespace`);
  if (request.name !== nodeName) refuse(request, `can only access node lease with the same name as the requesting node`);
}
