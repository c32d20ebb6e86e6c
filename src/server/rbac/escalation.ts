import { forbidden, notFound } from "../../base/status-error.ts";
import { equalJson } from "../../api/schema/json-data.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from "../../api/types/rbac-v1.ts";
import type { AdmissionPlugin, AdmissionRequest } from "../admission/admission.ts";
import type { RbacAuthorizer } from "./rbac-authorizer.ts";
import { roleKeyOf } from "./policy.ts";
import { goList, missingRights } from "./rules.ts";

/** Nobody grants what they do not hold: whoever writes a role must have its rights, whoever binds one too, unless told otherwise. */
const group = "rbac.authorization.k8s.io";
const everything: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
  { nonResourceURLs: ["*"], verbs: ["*"] },
];

export function noEscalation(authorizer: RbacAuthorizer): AdmissionPlugin {
  return {
    name: "NoEscalation",
    // Upstream judges this where the object is stored, before it is validated.
    mutate(request) {
      const { facts } = request.kind;
      if (facts.group !== group || request.subresource !== "" || (request.operation !== "CREATE" && request.operation !== "UPDATE")) return;
      if (request.user.groups.includes("system:masters") || onlyKeeping(request)) return;
      if (facts.kind === "Role" || facts.kind === "ClusterRole") judgeRole(authorizer, request);
      else judgeBinding(authorizer, request);
    },
  };
}

/** Garbage collection takes owners and finalizers off without being held to the rights of the role. */
function onlyKeeping({ object, old }: AdmissionRequest): boolean {
  if (old === undefined || object === undefined) return false;
  const rest = (one: KubeObject): object => {
    const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _managed, resourceVersion: _version, ...metadata } = one.metadata as unknown as { [field: string]: unknown };
    return { ...one, metadata };
  };
  return !equalJson(object, old) && equalJson(rest(object as KubeObject), rest(old));
}

function may(authorizer: RbacAuthorizer, { user, namespace }: AdmissionRequest, verb: string, resource: string, name: string): boolean {
  return authorizer.allows(user, { type: "resource", verb, group, version: "v1", namespace, resource, subresource: "", name, rest: "", watchPath: false });
}

function judgeRole(authorizer: RbacAuthorizer, request: AdmissionRequest): void {
  const { facts } = request.kind;
  const named = request.operation === "UPDATE" ? request.name : "";
  if (may(authorizer, request, "escalate", facts.plural, named)) return;
  const role = request.object as unknown as Role | ClusterRole;
  const aggregates = (one: unknown): boolean => ((one as ClusterRole | undefined)?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
  if (aggregates(role) || aggregates(request.old)) {
    if (lack(authorizer, request, everything).length > 0) throw forbidden(facts, role.metadata.name, "must have cluster-admin privileges to use aggregationRule");
  }
  judgeRules(authorizer, request, role.rules ?? []);
}

function judgeBinding(authorizer: RbacAuthorizer, request: AdmissionRequest): void {
  const { roleRef } = request.object as unknown as RoleBinding | ClusterRoleBinding;
  const plural = roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
  if (may(authorizer, request, "bind", plural, roleRef.name)) return;
  const rules = authorizer.policy.rulesOf({ roleKey: roleKeyOf(roleRef, request.namespace) });
  if (rules === undefined) throw notFound({ group, plural }, roleRef.name);
  judgeRules(authorizer, request, rules);
}

function lack(authorizer: RbacAuthorizer, { user, namespace }: AdmissionRequest, wanted: readonly PolicyRule[]): string[] {
  return missingRights(authorizer.policy.rulesFor(user, namespace).rules, wanted);
}

function judgeRules(authorizer: RbacAuthorizer, request: AdmissionRequest, wanted: readonly PolicyRule[]): void {
  const missing = lack(authorizer, request, wanted);
  if (missing.length === 0) return;
  const { user, namespace, object } = request;
  const { problems } = authorizer.policy.rulesFor(user, namespace);
  const trouble = problems.length === 0 ? "" : `; resolution errors: [${problems.join(", ")}]`;
  const why = `user ${JSON.stringify(user.name)} (groups=${goList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${missing.join("\n")}${trouble}`;
  throw forbidden(request.kind.facts, object?.metadata.name ?? "", why);
}
