import { mayKubeletSetLabel } from "../../api/core/node-labels.ts";
import { isMirrorPod } from "../../api/core/pod-annotations.ts";
import { forbidden, notFound } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { TokenRequest } from "../../api/types/authentication-v1.ts";
import type { Node, Pod, Volume } from "../../api/types/core-v1.ts";
import { apiAudiences } from "../tokens/service-account-tokens.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import type { AdmissionView } from "./view.ts";

/** NodeRestriction: a node writes its own Node and Lease, and the Pods that are bound to it, and nothing else. */
type Judge = (request: AdmissionRequest, nodeName: string, view: AdmissionView) => void;

const judges: { readonly [kind: string]: Judge } = { Pod: judgePod, Node: judgeNode, Lease: judgeLease, ServiceAccount: judgeToken };

export const nodeRestriction: AdmissionPlugin = {
  name: "NodeRestriction",
  validate(request, view) {
    const { user } = request;
    if (!user.groups.includes("system:nodes") || !user.name.startsWith("system:node:")) return;
    judges[request.kind.facts.kind]?.(request, user.name.slice("system:node:".length), view);
  },
};

function refuse(request: AdmissionRequest, why: string): never {
  throw forbidden(request.kind.facts, request.name, why);
}

function judgePod(request: AdmissionRequest, nodeName: string): void {
  const { operation, subresource, object, old } = request;
  const nodeOf = (pod: KubeObject | undefined): string => (pod as Pod | undefined)?.spec?.nodeName ?? "";
  if (operation === "CREATE" && subresource === "") {
    if (object === undefined || !isMirrorPod(object)) refuse(request, `pod does not have "kubernetes.io/config.mirror" annotation, node ${JSON.stringify(nodeName)} can only create mirror pods`);
    if (nodeOf(object as KubeObject) !== nodeName) refuse(request, `node ${JSON.stringify(nodeName)} can only create pods with spec.nodeName set to itself`);
  } else if (operation === "UPDATE" && subresource === "status") {
    if (nodeOf(old) !== nodeName) refuse(request, `node ${JSON.stringify(nodeName)} can only update pod status for pods with spec.nodeName set to itself`);
  } else if (operation === "DELETE") {
    // What is gone is answered as that: a kubelet may ask twice before it hears of the end.
    if (old === undefined && request.name !== "") return;
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

/** Tokens for Pods on the node, for audiences that these Pods name. */
function judgeToken(request: AdmissionRequest, nodeName: string, view: AdmissionView): void {
  if (request.operation !== "CREATE" || request.subresource !== "token") return;
  const { boundObjectRef: ref, audiences = [] } = (request.object as unknown as TokenRequest).spec;
  if (ref?.apiVersion !== "v1" || ref.kind !== "Pod" || (ref.name ?? "") === "") refuse(request, "node requested token not bound to a pod");
  if ((ref.uid ?? "") === "") refuse(request, "node requested token with a pod binding without a uid");
  const pod = view.get<Pod>(`pods/${request.namespace}/${ref.name}`);
  if (pod === undefined) throw notFound({ group: "", plural: "pods" }, ref.name ?? "");
  const { uid } = pod.metadata;
  if (uid !== ref.uid) refuse(request, `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`);
  if (pod.spec.nodeName !== nodeName) refuse(request, "node requested token bound to a pod scheduled on a different node");
  const named = new Set((pod.spec.volumes ?? []).flatMap(audiencesOf));
  const foreign = audiences.find((audience) => !named.has(audience) && !apiAudiences.includes(audience));
  if (foreign !== undefined) refuse(request, `audience ${JSON.stringify(foreign)} not found in pod spec volume, ${request.user.name} is not authorized to request tokens for this audience`);
}

function audiencesOf({ projected }: Volume): string[] {
  return (projected?.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken?.audience ?? []);
}
