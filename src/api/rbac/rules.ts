/** What Roles and bindings of both scopes share: rules, subjects and the reference to a role. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { PolicyRule, RoleRef, Subject } from "../types/rbac-v1.ts";
import { invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { dns1123SubdomainProblems, pathSegmentNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

const group = "rbac.authorization.k8s.io";

/** Names of RBAC objects are free but for what a URL path cannot hold. */
export function rbacName(name: string, prefix: boolean): string[] {
  return [...pathSegmentNameProblems(name, prefix)];
}

export function checkRules(rules: readonly PolicyRule[] | null | undefined, options: { readonly namespaced: boolean }): FieldError[] {
  const errors: FieldError[] = [];
  rules?.forEach((rule, i) => {
    const path = FieldPath.of("rules").index(i);
    const count = (list: readonly string[] | null | undefined): number => list?.length ?? 0;
    if (count(rule.verbs) === 0) errors.push(required(path.child("verbs"), "verbs must contain at least one value"));
    if (count(rule.nonResourceURLs) > 0) {
      const urls = path.child("nonResourceURLs");
      if (options.namespaced) errors.push(invalid(urls, rule.nonResourceURLs, "namespaced rules cannot apply to non-resource URLs"));
      if (count(rule.apiGroups) + count(rule.resources) + count(rule.resourceNames) > 0) {
        errors.push(invalid(urls, rule.nonResourceURLs, "rules cannot apply to both regular resources and non-resource URLs"));
      }
      return;
    }
    if (count(rule.apiGroups) === 0) errors.push(required(path.child("apiGroups"), "resource rules must supply at least one api group"));
    if (count(rule.resources) === 0) errors.push(required(path.child("resources"), "resource rules must supply at least one resource"));
  });
  return errors;
}

interface BindingFields {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[];
}

export function defaultBinding(draft: Draft<BindingFields>): void {
  if (draft.roleRef !== undefined && (draft.roleRef.apiGroup ?? "") === "") draft.roleRef.apiGroup = group;
  for (const subject of draft.subjects ?? []) {
    if (subject === null || (subject.apiGroup ?? "") !== "") continue;
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup = group;
  }
}

/** `kinds` of roles that may be bound there. */
export function checkBinding(object: BindingFields, options: { readonly kinds: readonly string[]; readonly namespaced: boolean }): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup, kind = "", name = "" } = object.roleRef ?? {};
  const path = FieldPath.of("roleRef");
  if (apiGroup !== undefined && apiGroup !== group) errors.push(notSupported(path.child("apiGroup"), apiGroup, [group]));
  if (!options.kinds.includes(kind)) errors.push(notSupported(path.child("kind"), kind, options.kinds));
  if (name === "") errors.push(required(path.child("name")));
  else pushProblems(errors, path.child("name"), name, pathSegmentNameProblems(name, false));
  object.subjects?.forEach((subject, i) => checkSubject(subject, options.namespaced, FieldPath.of("subjects").index(i), errors));
  return errors;
}

function checkSubject(subject: Subject, namespaced: boolean, path: FieldPath, errors: FieldError[]): void {
  const { kind = "", name = "", apiGroup = "", namespace = "" } = subject;
  if (name === "") errors.push(required(path.child("name")));
  switch (kind) {
    case "ServiceAccount":
      if (name !== "") pushProblems(errors, path.child("name"), name, dns1123SubdomainProblems(name));
      if (apiGroup !== "") errors.push(notSupported(path.child("apiGroup"), apiGroup, [""]));
      if (!namespaced && namespace === "") errors.push(required(path.child("namespace")));
      break;
    case "User":
    case "Group":
      if (apiGroup !== group) errors.push(notSupported(path.child("apiGroup"), apiGroup, [group]));
      break;
    default:
      errors.push(notSupported(path.child("kind"), kind, ["ServiceAccount", "User", "Group"]));
  }
}

export function checkBindingUpdate(object: BindingFields, old: BindingFields): FieldError[] {
  const { apiGroup, kind, name } = object.roleRef;
  const same = apiGroup === old.roleRef.apiGroup && kind === old.roleRef.kind && name === old.roleRef.name;
  return same ? [] : [invalid("roleRef", { APIGroup: apiGroup, Kind: kind, Name: name }, "cannot change roleRef")];
}

/** The cells ROLE, and of the wide form USERS, GROUPS, SERVICEACCOUNTS. */
export function bindingCells(object: BindingFields): { readonly role: string; readonly subjects: readonly string[] } {
  const named = (kind: string, text: (subject: Subject) => string): string =>
    (object.subjects ?? [])
      .filter((subject) => subject.kind === kind)
      .map(text)
      .join(", ");
  return {
    role: `${object.roleRef.kind}/${object.roleRef.name}`,
    subjects: [
      named("User", ({ name }) => name),
      named("Group", ({ name }) => name),
      named("ServiceAccount", ({ name, namespace }) => ((namespace ?? "") === "" ? `/${name}` : `${namespace}/${name}`)),
    ],
  };
}
