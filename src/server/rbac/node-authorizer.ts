import type { PersistentVolume, Pod } from "../../api/types/core-v1.ts";
import type { PolicyRule } from "../../api/types/rbac-v1.ts";
import type { Store } from "../../store/contract.ts";
import { referencedSecrets } from "../admission/secret-references.ts";
import type { Decision } from "../authorize.ts";
import type { RequestInfo, ResourceInfo } from "../request-info.ts";
import type { UserInfo } from "../request.ts";
import { PodsByNode } from "./pods-by-node.ts";
import { covers } from "./rules.ts";

/**
 * What a node may do: of what belongs to nodes its own; of Secrets, ConfigMaps, claims, volumes and accounts those that its Pods name; beyond
 * that the rules of upstream's role `system:node`.
 */
const prefix = "system:node:";
const group = "system:nodes";

const yes: Decision = { allowed: true, reason: "" };
const no = (reason: string): Decision => ({ allowed: false, reason });

type Judge = (nodeName: string, info: ResourceInfo) => Decision;

export class NodeAuthorizer {
  private readonly store: Store;
  private readonly rules: readonly PolicyRule[];
  private readonly pods: PodsByNode;
  /** Answers by the rules alone are the same for all nodes. */
  private readonly byRules = new Map<string, boolean>();
  private readonly judges: { readonly [resource: string]: Judge };

  /** `rules`: those of the role `system:node`. */
  constructor(store: Store, rules: readonly PolicyRule[]) {
    this.store = store;
    this.rules = rules;
    this.pods = new PodsByNode(store);
    const named = (judge: (pod: Pod, name: string) => boolean): Judge => (nodeName, info) => this.readsNamed(nodeName, info, judge);
    this.judges = {
      "/secrets": named((pod, name) => referencedSecrets(pod.spec).includes(name)),
      "/configmaps": named(namesConfigMap),
      "/persistentvolumeclaims": (nodeName, info) => (info.subresource === "status" ? this.writesClaimStatus(nodeName, info) : this.gets(nodeName, info, (pod) => claimsOf(pod).includes(info.name))),
      "/persistentvolumes": (nodeName, info) => this.gets(nodeName, info, (pod) => this.usesVolume(pod, info.name)),
      "resource.k8s.io/resourceclaims": (nodeName, info) => this.gets(nodeName, info, (pod) => resourceClaimsOf(pod).includes(info.name)),
      "storage.k8s.io/volumeattachments": (nodeName, info) => this.getsAttachment(nodeName, info),
      "/serviceaccounts": (nodeName, info) => this.asksForToken(nodeName, info),
      "coordination.k8s.io/leases": ownLease,
      "storage.k8s.io/csinodes": ownCsiNode,
      "/nodes": ownNode,
      "/pods": (nodeName, info) => this.ownPods(nodeName, info),
    };
  }

  isNode(user: UserInfo): boolean {
    return user.name.startsWith(prefix) && user.groups.includes(group);
  }

  /** The user is a node. */
  decide(user: UserInfo, info: RequestInfo): Decision {
    const nodeName = user.name.slice(prefix.length);
    if (nodeName === "") return no(`unknown node for user ${JSON.stringify(user.name)}`);
    const judge = info.type === "resource" ? this.judges[`${info.group}/${info.resource}`] : undefined;
    return judge === undefined || info.type === "path" ? (this.rulesAllow(info) ? yes : no("")) : judge(nodeName, info);
  }

  private rulesAllow(info: RequestInfo): boolean {
    if (info.type === "path") return this.rules.some((rule) => covers(rule, info));
    const question = `${info.verb} ${info.group}/${info.resource}/${info.subresource}`;
    let answer = this.byRules.get(question);
    // The rules name no objects.
    if (answer === undefined) this.byRules.set(question, (answer = this.rules.some((rule) => covers(rule, info))));
    return answer;
  }

  private related(nodeName: string, namespace: string, uses: (pod: Pod) => boolean): Decision {
    return this.pods.some(nodeName, namespace, uses) ? yes : no(`no relationship found between node '${nodeName}' and this object`);
  }

  private readsNamed(nodeName: string, { verb, subresource, namespace, name }: ResourceInfo, judge: (pod: Pod, name: string) => boolean): Decision {
    if (verb !== "get" && verb !== "list" && verb !== "watch") return no("can only read resources of this type");
    if (subresource !== "") return no("cannot read subresource");
    if (namespace === "") return no("can only read namespaced object of this type");
    if (name === "") return no("No Object name found");
    return this.related(nodeName, namespace, (pod) => judge(pod, name));
  }

  private gets(nodeName: string, { verb, subresource, namespace, name }: ResourceInfo, uses: (pod: Pod) => boolean): Decision {
    if (verb !== "get") return no("can only get individual resources of this type");
    if (subresource !== "") return no("cannot get subresource");
    if (name === "") return no("No Object name found");
    return this.related(nodeName, namespace, uses);
  }

  private writesClaimStatus(nodeName: string, { verb, namespace, name }: ResourceInfo): Decision {
    if (verb !== "update" && verb !== "patch") return no("can only update status");
    return this.related(nodeName, namespace, (pod) => claimsOf(pod).includes(name));
  }

  private usesVolume(pod: Pod, name: string): boolean {
    const claim = (this.store.get(`persistentvolumes/${name}`)?.object as PersistentVolume | undefined)?.spec?.claimRef;
    return claim !== undefined && claim.namespace === pod.metadata.namespace && claimsOf(pod).includes(claim.name ?? "");
  }

  private getsAttachment(nodeName: string, { verb, subresource, name }: ResourceInfo): Decision {
    if (verb !== "get") return no("can only get individual resources of this type");
    if (subresource !== "") return no("cannot get subresource");
    const attachment = this.store.get(`volumeattachments.storage.k8s.io/${name}`)?.object as { readonly spec?: { readonly nodeName?: string } } | undefined;
    return attachment?.spec?.nodeName === nodeName ? yes : no(`no relationship found between node '${nodeName}' and this object`);
  }

  private asksForToken(nodeName: string, { verb, subresource, namespace, name }: ResourceInfo): Decision {
    if (verb !== "create" || name === "") return no("can only create tokens for individual service accounts");
    if (subresource !== "token") return no("can only create token subresource of serviceaccount");
    return this.related(nodeName, namespace, (pod) => pod.spec.serviceAccountName === name);
  }

  private ownPods(nodeName: string, info: ResourceInfo): Decision {
    const { verb, subresource, namespace, name, fieldSelector } = info;
    if (subresource === "status") return verb === "update" || verb === "patch" ? yes : no("");
    if (subresource === "eviction") return verb === "create" ? yes : no("");
    if (subresource !== "") return no("");
    // Admission looks at whose Pod it is.
    if (verb === "create" || verb === "delete") return yes;
    if (verb === "get") return this.gets(nodeName, info, (pod) => pod.metadata.name === name && pod.metadata.namespace === namespace);
    if (verb !== "list" && verb !== "watch") return no("");
    return fieldSelector?.split(",").includes(`spec.nodeName=${nodeName}`) === true ? yes : no("can only list/watch pods with spec.nodeName field selector");
  }
}

function ownLease(nodeName: string, { verb, namespace, name }: ResourceInfo): Decision {
  if (!["get", "create", "update", "patch", "delete"].includes(verb)) return no("can only get, create, update, patch, or delete a node lease");
  if (namespace !== "kube-node-lease") return no('can only access leases in the "kube-node-lease" system namespace');
  return verb === "create" || name === nodeName ? yes : no("can only access node lease with the same name as the requesting node");
}

function ownCsiNode(nodeName: string, { verb, subresource, name }: ResourceInfo): Decision {
  if (!["get", "create", "update", "patch", "delete"].includes(verb)) return no("can only get, create, update, patch, or delete a CSINode");
  if (subresource !== "") return no("cannot authorize CSINode subresources");
  return verb === "create" || name === nodeName ? yes : no("can only access CSINode with the same name as the requesting node");
}

function ownNode(nodeName: string, { verb, subresource, name }: ResourceInfo): Decision {
  // Admission looks at whose Node it is.
  if (subresource === "status") return verb === "update" || verb === "patch" ? yes : no("");
  if (subresource !== "") return no("");
  if (verb === "create" || verb === "update" || verb === "patch") return yes;
  if (verb !== "get" && verb !== "list" && verb !== "watch") return no("");
  if (name === nodeName) return yes;
  return no(name === "" ? `node '${nodeName}' cannot read all nodes, only its own Node object` : `node '${nodeName}' cannot read '${name}', only its own Node object`);
}

function namesConfigMap({ spec }: Pod, name: string): boolean {
  const inVolume = (spec.volumes ?? []).some(({ configMap, projected }) => configMap?.name === name || (projected?.sources ?? []).some((source) => source.configMap?.name === name));
  if (inVolume) return true;
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  return containers.some(({ env, envFrom }) => env?.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.name === name) === true || envFrom?.some(({ configMapRef }) => configMapRef?.name === name) === true);
}

function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata.name}-${name}`];
  });
}

function resourceClaimsOf({ spec, status }: Pod): string[] {
  const named = (spec.resourceClaims ?? []).map(({ resourceClaimName }) => resourceClaimName);
  const made = (status?.resourceClaimStatuses ?? []).map(({ resourceClaimName }) => resourceClaimName);
  return [...named, ...made].filter((name): name is string => name !== undefined);
}
