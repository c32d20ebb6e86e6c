import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from "../../api/types/rbac-v1.ts";
import type { Authorizer } from "../authorize.ts";
import type { RequestInfo, ResourceInfo } from "../request-info.ts";
import type { UserInfo } from "../request.ts";
import type { BootstrapObjects } from "./bootstrap.ts";
import { ownRights } from "./own-rights.ts";

/**
 * Who may do what until roles are judged as they stand in the cluster: administrators everything, and every component what
 * upstream's bootstrap roles and bindings give its identity. The table is fixed when the server starts.
 */
interface Grant {
  /** "" everywhere. */
  readonly namespace: string;
  readonly rules: readonly PolicyRule[];
}

const rbac = "/apis/rbac.authorization.k8s.io/v1";

/** Decisions that are remembered: all that some 40 components ask for, many times over. */
const decisionsMax = 10_000;

export function bootstrapAuthorizer(objects: BootstrapObjects): Authorizer {
  const grants = grantsOf(objects);
  const decided = new Map<string, boolean>();
  return {
    allows(user, info) {
      if (user.groups.includes("system:masters")) return true;
      const question = `${user.name} ${user.groups.join(",")} ${describe(info)}`;
      let answer = decided.get(question);
      if (answer === undefined) {
        answer = subjectsOf(user).some((subject) => grants.get(subject)?.some((grant) => covers(grant, info)) === true);
        if (decided.size >= decisionsMax) decided.clear();
        decided.set(question, answer);
      }
      return answer;
    },
  };
}

function describe(info: RequestInfo): string {
  if (info.type === "path") return `${info.verb} ${info.path}`;
  return `${info.verb} ${info.group}/${info.resource}/${info.subresource} ${info.namespace}/${info.name}`;
}

function subjectsOf(user: UserInfo): string[] {
  return [`User ${user.name}`, ...user.groups.map((group) => `Group ${group}`)];
}

function grantsOf(objects: BootstrapObjects): ReadonlyMap<string, readonly Grant[]> {
  const grants = new Map<string, Grant[]>();
  const give = (subject: string, grant: Grant): void => {
    const standing = grants.get(subject);
    if (standing === undefined) grants.set(subject, [grant]);
    else standing.push(grant);
  };
  const all = <T>(plural: string): readonly T[] => (objects[`${rbac}/${plural}`] ?? []) as unknown as readonly T[];
  const clusterRoles = new Map(all<ClusterRole>("clusterroles").map((role) => [role.metadata.name, role.rules ?? []]));
  const roles = new Map(all<Role>("roles").map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, role.rules ?? []]));
  for (const { roleRef, subjects } of all<ClusterRoleBinding>("clusterrolebindings")) {
    for (const subject of subjects ?? []) give(subjectName(subject), { namespace: "", rules: clusterRoles.get(roleRef.name) ?? [] });
  }
  for (const { metadata, roleRef, subjects } of all<RoleBinding>("rolebindings")) {
    const namespace = metadata.namespace ?? "";
    const rules = roleRef.kind === "ClusterRole" ? clusterRoles.get(roleRef.name) : roles.get(`${namespace}/${roleRef.name}`);
    for (const subject of subjects ?? []) give(subjectName(subject), { namespace, rules: rules ?? [] });
  }
  // Upstream's Node authorizer gives nodes what this role says, narrowed to what concerns the node.
  give("Group system:nodes", { namespace: "", rules: clusterRoles.get("system:node") ?? [] });
  for (const { subject, rules } of ownRights) give(subject, { namespace: "", rules });
  return grants;
}

function subjectName({ kind, name, namespace }: Subject): string {
  return kind === "ServiceAccount" ? `User system:serviceaccount:${namespace}:${name}` : `${kind} ${name}`;
}

function covers(grant: Grant, info: RequestInfo): boolean {
  if (info.type === "path") return grant.namespace === "" && grant.rules.some((rule) => coversPath(rule, info.verb, info.path));
  if (grant.namespace !== "" && grant.namespace !== info.namespace) return false;
  return grant.rules.some((rule) => coversResource(rule, info));
}

function coversPath(rule: PolicyRule, verb: string, path: string): boolean {
  if (!has(rule.verbs, verb)) return false;
  return (rule.nonResourceURLs ?? []).some((pattern) => pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1))));
}

function coversResource(rule: PolicyRule, info: ResourceInfo): boolean {
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group)) return false;
  const names = rule.resourceNames ?? [];
  if (names.length > 0 && !names.includes(info.name)) return false;
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  return (rule.resources ?? []).some((pattern) => pattern === "*" || pattern === resource || (info.subresource !== "" && pattern === `*/${info.subresource}`));
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((entry) => entry === "*" || entry === value) === true;
}
