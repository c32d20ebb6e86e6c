import type { FieldError } from "../../base/field-error.ts";
import { sameData } from "../equality.ts";
import { loadSchema } from "../schema/schema.ts";
import type { FlowSchemaSpec, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule, Subject } from "../types/flowcontrol-v1.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { goValue } from "../validation/go-value.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

/** Validation of FlowSchemas: whom they are about, and which requests of theirs. */
const precedenceMax = 10_000;
const methods = ["ByNamespace", "ByUser"];
const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

function everything(...groups: readonly string[]): PolicyRulesWithSubjects[] {
  return [
    {
      subjects: groups.map((name) => ({ kind: "Group", group: { name } })),
      resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] }],
      nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
    },
  ];
}

/** Without these no request would find a level. They stay as they are. */
const fixedSpecs: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  ["exempt", { priorityLevelConfiguration: { name: "exempt" }, matchingPrecedence: 1, rules: everything("system:masters") }],
  [
    "catch-all",
    {
      priorityLevelConfiguration: { name: "catch-all" },
      matchingPrecedence: precedenceMax,
      distinguisherMethod: { type: "ByUser" },
      rules: everything("system:unauthenticated", "system:authenticated"),
    },
  ],
]);

export function checkFlowSchema(name: string, spec: FlowSchemaSpec, path: FieldPath, errors: FieldError[]): void {
  const precedence = spec.matchingPrecedence ?? 0;
  const precedencePath = path.child("matchingPrecedence");
  if (precedence <= 0) errors.push(invalid(precedencePath, precedence, "must be a positive value"));
  if (precedence > precedenceMax) errors.push(invalid(precedencePath, precedence, `must not be greater than ${precedenceMax}`));
  if (precedence === 1 && name !== "exempt") errors.push(invalid(precedencePath, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  const method = spec.distinguisherMethod;
  if (method !== undefined && !methods.includes(method.type)) {
    errors.push(notSupported(path.child("distinguisherMethod").child("type"), { Type: method.type }, methods));
  }
  const level = spec.priorityLevelConfiguration.name;
  const levelPath = path.child("priorityLevelConfiguration").child("name");
  if (level === "") errors.push(required(levelPath, "must reference a priority level"));
  else pushProblems(errors, levelPath, level, dns1123SubdomainProblems(level));
  spec.rules?.forEach((rule, i) => checkRule(rule, path.child("rules").index(i), errors));
  const fixed = fixedSpecs.get(name);
  if (fixed !== undefined && !sameData(spec, fixed)) {
    errors.push(invalid(path, goValue(loadSchema(), "io.k8s.api.flowcontrol.v1.FlowSchemaSpec", spec), `spec of '${name}' must equal the fixed value`));
  }
}

function checkRule(rule: PolicyRulesWithSubjects, path: FieldPath, errors: FieldError[]): void {
  const subjects = rule.subjects ?? [];
  const resourceRules = rule.resourceRules ?? [];
  const nonResourceRules = rule.nonResourceRules ?? [];
  if (subjects.length === 0) errors.push(required(path.child("subjects"), "subjects must contain at least one value"));
  subjects.forEach((subject, i) => checkSubject(subject, path.child("subjects").index(i), errors));
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  }
  resourceRules.forEach((each, i) => checkResourceRule(each, path.child("resourceRules").index(i), errors));
  nonResourceRules.forEach((each, i) => checkNonResourceRule(each, path.child("nonResourceRules").index(i), errors));
}

/** Each kind of subject with the field that describes it, in upstream's order. */
const subjectFields = { ServiceAccount: "serviceAccount", User: "user", Group: "group" } as const;

function checkSubject(subject: Subject, path: FieldPath, errors: FieldError[]): void {
  if (!Object.hasOwn(subjectFields, subject.kind)) {
    errors.push(notSupported(path.child("kind"), subject.kind, ["Group", "ServiceAccount", "User"]));
    return;
  }
  for (const [kind, field] of Object.entries(subjectFields)) {
    const given = subject[field];
    if (kind !== subject.kind) {
      if (given !== undefined) errors.push(forbidden(path.child(field), `${field} is forbidden when subject kind is not '${kind}'`));
    } else if (given === undefined) errors.push(required(path.child(field), `${field} is required when subject kind is '${kind}'`));
    else if (given.name === "") errors.push(required(path.child(field).child("name")));
  }
  const account = subject.serviceAccount;
  if (subject.kind !== "ServiceAccount" || account === undefined) return;
  const { name, namespace } = account;
  const place = path.child("serviceAccount");
  if (name !== "" && name !== "*") pushProblems(errors, place.child("name"), name, dns1123SubdomainProblems(name));
  if (namespace === "") errors.push(required(place.child("namespace"), "must specify namespace for service account"));
  else pushProblems(errors, place.child("namespace"), namespace, dns1123LabelProblems(namespace));
}

/** A list that must hold something, and nothing beside a `*`. True: there is more to judge in it. */
function checkList(list: readonly string[], words: { readonly none: string; readonly others: string }, path: FieldPath, errors: FieldError[]): boolean {
  if (list.length === 0) errors.push(required(path, words.none));
  else if (list.length > 1 && list.includes("*")) errors.push(invalid(path, list, `if '*' is present, must not specify other ${words.others}`));
  return list.length > 0 && !list.includes("*");
}

function checkVerbs(given: readonly string[], path: FieldPath, errors: FieldError[]): void {
  const named = checkList(given, { none: "verbs must contain at least one value", others: "verbs" }, path, errors);
  if (named && given.some((verb) => !verbs.includes(verb))) errors.push(notSupported(path, given, verbs));
}

function checkResourceRule(rule: ResourcePolicyRule, path: FieldPath, errors: FieldError[]): void {
  checkVerbs(rule.verbs ?? [], path.child("verbs"), errors);
  checkList(rule.apiGroups ?? [], { none: "resource rules must supply at least one api group", others: "api groups" }, path.child("apiGroups"), errors);
  checkList(rule.resources ?? [], { none: "resource rules must supply at least one resource", others: "resources" }, path.child("resources"), errors);
  const namespaces = rule.namespaces ?? [];
  if (namespaces.length === 0 && rule.clusterScope === true) return;
  const place = path.child("namespaces");
  const none = "resource rules that are not cluster scoped must supply at least one namespace";
  if (!checkList(namespaces, { none, others: "namespaces" }, place, errors)) return;
  namespaces.forEach((namespace, i) => {
    for (const problem of dns1123LabelProblems(namespace)) {
      errors.push(invalid(place.index(i), namespace, `each member of this list must be '*' or a DNS-1123 label; ${problem}`));
    }
  });
}

function checkNonResourceRule(rule: NonResourcePolicyRule, path: FieldPath, errors: FieldError[]): void {
  checkVerbs(rule.verbs ?? [], path.child("verbs"), errors);
  const urls = rule.nonResourceURLs ?? [];
  const place = path.child("nonResourceURLs");
  if (!checkList(urls, { none: "nonResourceURLs must contain at least one value", others: "non-resource URLs" }, place, errors)) return;
  urls.forEach((url, i) => {
    const problem = urlProblem(url);
    if (problem !== undefined) errors.push(invalid(place.index(i), url, problem));
  });
}

function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const stars = url.split("*").length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith("/*")) ? "wildcard can only do suffix matching" : undefined;
}

/** What may not stand in the conditions of a schema or of a level: a type twice, or none. */
export function checkStatus({ status: { conditions } }: { readonly status: { readonly conditions?: readonly { readonly type?: string }[] } }): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  const seen = new Set<string>();
  conditions?.forEach(({ type = "" }, i) => {
    const place = path.child("conditions").index(i).child("type");
    if (seen.has(type)) errors.push(duplicate(place, type));
    seen.add(type);
    if (type === "") errors.push(required(place, "must not be empty"));
  });
  return errors;
}
