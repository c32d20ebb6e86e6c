import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from "../../api/types/rbac-v1.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Change, Store } from "../../store/contract.ts";
import type { UserInfo } from "../request.ts";

/**
 * The roles and bindings of a cluster as they stand, found by whom they concern. The bindings are followed through the store's own watch,
 * so that what a write has granted or taken away counts for the next request. Rules are read from the store when somebody asks.
 */
const group = "rbac.authorization.k8s.io";
const bindingTables = [`clusterrolebindings.${group}/`, `rolebindings.${group}/`] as const;
const roleTables = [`clusterroles.${group}/`, `roles.${group}/`] as const;

/** One binding as it concerns one subject. */
export interface Grant {
  /** "" everywhere. */
  readonly namespace: string;
  readonly roleKey: string;
  /** `ClusterRoleBinding "x" of ClusterRole "y" to User "z"` */
  readonly text: string;
  readonly roleRef: Pick<RoleRef, "kind" | "name">;
}

/** Rights beyond roles: rules that a subject has everywhere, whatever the bindings say. */
export interface FixedGrant {
  readonly subject: string;
  readonly rules: readonly PolicyRule[];
}

type Binding = (ClusterRoleBinding | RoleBinding) & { readonly metadata: { readonly namespace?: string } };

export class RbacPolicy {
  /** Grows with every change of a role or a binding. */
  generation = 0;
  private readonly store: Store;
  private readonly fixed: readonly FixedGrant[];
  /** By subject (`User alice`), then by the binding's key. */
  private readonly grants = new Map<string, Map<string, Grant[]>>();

  constructor(store: Store, fixed: readonly FixedGrant[] = []) {
    this.store = store;
    this.fixed = fixed;
    for (const prefix of bindingTables) {
      const page = store.list(prefix);
      for (const { key, object } of page.items) this.add(key, object);
      store.watch(prefix, page.revision, (change) => this.follow(change));
    }
    for (const prefix of roleTables) store.watch(prefix, store.revision, () => void this.generation++);
  }

  /** Every grant that concerns the user, cluster-wide ones first, in order of the bindings' names. */
  grantsOf(user: UserInfo): readonly Grant[] {
    const found: { readonly key: string; readonly grant: Grant }[] = [];
    for (const subject of subjectsOf(user)) {
      for (const [key, grants] of this.grants.get(subject) ?? []) for (const grant of grants) found.push({ key, grant });
    }
    return found.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ grant }) => grant);
  }

  fixedRulesOf(user: UserInfo): readonly PolicyRule[] {
    const subjects = subjectsOf(user);
    return this.fixed.filter(({ subject }) => subjects.includes(subject)).flatMap(({ rules }) => rules);
  }

  /** Undefined when the role is not there. */
  rulesOf(grant: Pick<Grant, "roleKey">): readonly PolicyRule[] | undefined {
    const role = this.store.get(grant.roleKey)?.object as Role | ClusterRole | undefined;
    return role === undefined ? undefined : (role.rules ?? []);
  }

  /** All rules that count for the user in a namespace ("": those that count everywhere). */
  rulesFor(user: UserInfo, namespace: string): { readonly rules: readonly PolicyRule[]; readonly problems: readonly string[] } {
    const rules: PolicyRule[] = [];
    const problems: string[] = [];
    for (const grant of this.grantsOf(user)) {
      if (grant.namespace !== "" && grant.namespace !== namespace) continue;
      const given = this.rulesOf(grant);
      if (given === undefined) problems.push(missingRole(grant));
      else rules.push(...given);
    }
    return { rules: [...rules, ...this.fixedRulesOf(user)], problems };
  }

  private follow({ type, current, previous }: Change): void {
    this.generation++;
    if (previous !== undefined) this.remove(previous.key, previous.object);
    if (type === "put") this.add(current.key, current.object);
  }

  private add(key: string, object: KubeObject): void {
    const binding = object as Binding;
    for (const subject of binding.subjects ?? []) {
      const name = subjectName(subject, binding.metadata.namespace ?? "");
      let ofSubject = this.grants.get(name);
      if (ofSubject === undefined) this.grants.set(name, (ofSubject = new Map()));
      ofSubject.set(key, [...(ofSubject.get(key) ?? []), grantOf(binding, subject)]);
    }
  }

  private remove(key: string, object: KubeObject): void {
    const binding = object as Binding;
    for (const subject of binding.subjects ?? []) {
      const name = subjectName(subject, binding.metadata.namespace ?? "");
      const ofSubject = this.grants.get(name);
      ofSubject?.delete(key);
      if (ofSubject?.size === 0) this.grants.delete(name);
    }
  }
}

export function missingRole({ roleRef: { kind, name } }: Grant): string {
  return `${kind.toLowerCase()}.${group} ${JSON.stringify(name)} not found`;
}

export function roleKeyOf({ kind, name }: Pick<RoleRef, "kind" | "name">, namespace: string): string {
  return kind === "ClusterRole" ? `${roleTables[0]}${name}` : `${roleTables[1]}${namespace}/${name}`;
}

function grantOf(binding: Binding, subject: Subject): Grant {
  const { metadata, roleRef } = binding;
  const namespace = metadata.namespace ?? "";
  const title = namespace === "" ? `ClusterRoleBinding ${JSON.stringify(metadata.name)}` : `RoleBinding ${JSON.stringify(`${metadata.name}/${namespace}`)}`;
  const who = subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace ?? namespace}` : subject.name;
  const text = `${title} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(who)}`;
  return { namespace, roleKey: roleKeyOf(roleRef, namespace), text, roleRef };
}

function subjectsOf(user: UserInfo): string[] {
  return [`User ${user.name}`, ...user.groups.map((name) => `Group ${name}`)];
}

/** An account without a namespace is one of the binding's own. */
function subjectName({ kind, name, namespace }: Subject, bindingNamespace: string): string {
  const home = (namespace ?? "") === "" ? bindingNamespace : namespace;
  return kind === "ServiceAccount" ? `User system:serviceaccount:${home}:${name}` : `${kind} ${name}`;
}
