import type { FieldError } from "../../base/field-error.ts";
import type {
  AuditAnnotation,
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicySpec,
  Mutation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicyBindingSpec,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from "../types/admissionregistration-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { dns1035LabelProblems, dns1123SubdomainProblems, pathSegmentNameProblems, qualifiedNameProblems } from "../validation/names.ts";
import type { FieldPath } from "../validation/path.ts";
import { checkChoice, checkExpression, checkMatchConditions, checkMatchResources, failurePolicies, reinvocationPolicies, requestNames } from "./rules-validation.ts";

/** Validation of admission policies and of their bindings. Of their expressions the grammar and the names are judged, not the types. */
const annotationsMax = 20;
const annotationBytesMax = 5 * 1024;
const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const actions = ["Audit", "Deny", "Warn"];
const notFoundActions = ["Deny", "Allow"];
const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const reservedWords =
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(" ");

interface PolicyParts {
  readonly failurePolicy?: string;
  readonly paramKind?: ParamKind;
  readonly matchConstraints?: MatchResources;
  readonly matchConditions?: readonly MatchCondition[];
  readonly variables?: readonly Variable[];
}

/** What the expressions of a policy may speak of, match conditions apart. */
function policyNames({ paramKind, variables = [] }: PolicyParts): string[] {
  return [...requestNames, ...(paramKind === undefined ? [] : ["params"]), ...(variables.length === 0 ? [] : ["variables"])];
}

/** What every policy has: when it is asked, and the names it gives to expressions. */
function checkPolicy(spec: PolicyParts, path: FieldPath, errors: FieldError[]): void {
  checkChoice(spec.failurePolicy, failurePolicies, path.child("failurePolicy"), errors);
  if (spec.paramKind !== undefined) checkParamKind(spec.paramKind, path.child("paramKind"), errors);
  const constraints = path.child("matchConstraints");
  if (spec.matchConstraints === undefined) errors.push(required(constraints));
  else {
    checkMatchResources(spec.matchConstraints, constraints, errors);
    if ((spec.matchConstraints.resourceRules ?? []).length === 0) errors.push(required(constraints.child("resourceRules")));
  }
  checkMatchConditions(spec.matchConditions, spec.paramKind !== undefined, path.child("matchConditions"), errors);
  spec.variables?.forEach(({ name, expression }, i) => {
    const place = path.child("variables").index(i);
    if (name.trim() === "") errors.push(required(place.child("name"), "name is not specified"));
    else if (!identifier.test(name) || reservedWords.includes(name)) errors.push(invalid(place.child("name"), name, "must be a valid CEL identifier"));
    if (expression.trim() === "") errors.push(required(place.child("expression"), "expression is not specified"));
    else checkExpression(expression, [...policyNames(spec), "authorizer"], place.child("expression"), errors);
  });
}

export function checkValidatingPolicy(policyName: string, spec: ValidatingAdmissionPolicySpec, path: FieldPath, errors: FieldError[]): void {
  checkPolicy(spec, path, errors);
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length + auditAnnotations.length === 0) {
    for (const field of ["validations", "auditAnnotations"]) {
      errors.push(required(path.child(field), "validations or auditAnnotations must contain at least one item"));
    }
  }
  const declared = policyNames(spec);
  validations.forEach((validation, i) => checkValidation(validation, declared, path.child("validations").index(i), errors));
  checkAnnotations({ policyName, declared }, auditAnnotations, path.child("auditAnnotations"), errors);
}

export function checkMutatingPolicy(spec: MutatingAdmissionPolicySpec, path: FieldPath, errors: FieldError[]): void {
  checkPolicy(spec, path, errors);
  if ((spec.mutations ?? []).length === 0) errors.push(required(path.child("mutations"), "mutations must contain at least one item"));
  spec.mutations?.forEach((mutation, i) => checkMutation(mutation, path.child("mutations").index(i), errors));
  const policy: string = spec.reinvocationPolicy ?? "";
  if (policy === "") errors.push(required(path.child("reinvocationPolicy")));
  else checkChoice(policy, reinvocationPolicies, path.child("reinvocationPolicy"), errors);
}

/** Each type of patch with the field that holds its expression. */
const patchFields = { ApplyConfiguration: "applyConfiguration", JSONPatch: "jsonPatch" } as const;

function checkMutation(mutation: Mutation, path: FieldPath, errors: FieldError[]): void {
  const type: string = mutation.patchType;
  if (type === "") errors.push(required(path.child("patchType")));
  else checkChoice(type, Object.keys(patchFields), path.child("patchType"), errors);
  for (const [patchType, field] of Object.entries(patchFields)) {
    const given = mutation[field];
    if (patchType !== type) {
      if (given !== undefined) errors.push(forbidden(path.child(field), `must not be specified when patchType is ${type}`));
    } else if (given === undefined) errors.push(required(path.child(field), `must be specified when patchType is ${type}`));
    else if ((given.expression ?? "").trim() === "") errors.push(required(path.child(field).child("expression"), "expression is not specified"));
  }
}

function checkParamKind({ apiVersion = "", kind = "" }: ParamKind, path: FieldPath, errors: FieldError[]): void {
  if (apiVersion === "") errors.push(required(path.child("apiVersion")));
  else checkGroupVersion(apiVersion, path.child("apiVersion"), errors);
  const problems = dns1035LabelProblems(kind.toLowerCase());
  if (kind === "") errors.push(required(path.child("kind")));
  else if (problems.length > 0) errors.push(invalid(path.child("kind"), kind, `may have mixed case, but should otherwise match: ${problems.join(",")}`));
}

function checkGroupVersion(text: string, path: FieldPath, errors: FieldError[]): void {
  const parts = text === "/" ? ["", ""] : text.split("/");
  if (parts.length > 2) {
    errors.push(invalid(path, text, `unexpected GroupVersion string: ${text}`));
    return;
  }
  const version = parts.at(-1) as string;
  const group = parts.length === 2 ? (parts[0] as string) : "";
  const groupProblems = group === "" ? [] : dns1123SubdomainProblems(group);
  if (groupProblems.length > 0) errors.push(invalid(path, group, groupProblems.join(",")));
  const problems = dns1035LabelProblems(version);
  if (version === "") errors.push(invalid(path, text, "version must be specified"));
  else if (problems.length > 0) errors.push(invalid(path, version, problems.join(",")));
}

function checkValidation(validation: Validation, declared: readonly string[], path: FieldPath, errors: FieldError[]): void {
  const { expression, message = "", messageExpression = "", reason } = validation;
  if (expression.trim() === "") errors.push(required(path.child("expression"), "expression is not specified"));
  else checkExpression(expression, [...declared, "authorizer"], path.child("expression"), errors);
  if (messageExpression !== "" && messageExpression.trim() === "") {
    errors.push(invalid(path.child("messageExpression"), messageExpression, "must be non-empty if specified"));
  } else if (messageExpression !== "") checkExpression(messageExpression, declared, path.child("messageExpression"), errors);
  if (message !== "" && message.trim() === "") errors.push(invalid(path.child("message"), message, "message must be non-empty if specified"));
  else if (/[\n\r]/.test(message.trim())) errors.push(invalid(path.child("message"), message, "message must not contain line breaks"));
  checkChoice(reason, reasons, path.child("reason"), errors);
}

function checkAnnotations(policy: { readonly policyName: string; readonly declared: readonly string[] }, annotations: readonly AuditAnnotation[], path: FieldPath, errors: FieldError[]): void {
  if (annotations.length > annotationsMax) {
    const printed = annotations.map(({ key, valueExpression }) => ({ Key: key, ValueExpression: valueExpression }));
    errors.push(invalid(path, printed, `must not have more than ${annotationsMax} auditAnnotations`));
  }
  const { policyName, declared } = policy;
  const keys = new Set<string>();
  annotations.forEach(({ key, valueExpression }, i) => {
    const place = path.index(i);
    const name = `${policyName}/${key}`;
    if (policyName === "") errors.push(invalid(place.child("key"), key, "requires metadata.name be non-empty"));
    else pushProblems(errors, place.child("key"), name, qualifiedNameProblems(name));
    const text = valueExpression.trim();
    if (text === "") errors.push(required(place.child("valueExpression"), "valueExpression is not specified"));
    else if (byteLength(text) > annotationBytesMax) {
      errors.push(required(place.child("valueExpression"), `must not exceed ${annotationBytesMax} bytes in length`));
    } else checkExpression(text, [...declared, "authorizer"], place.child("valueExpression"), errors, valueExpression);
    if (keys.has(key)) errors.push(duplicate(place.child("key"), key));
    keys.add(key);
  });
}

interface BindingParts {
  readonly policyName?: string;
  readonly paramRef?: ParamRef;
  readonly matchResources?: MatchResources;
}

/** What bindings of either kind have. */
export function checkBinding(spec: BindingParts, path: FieldPath, errors: FieldError[]): void {
  const name = spec.policyName ?? "";
  if (name === "") errors.push(required(path.child("policyName")));
  else pushProblems(errors, path.child("policyName"), name, dns1123SubdomainProblems(name));
  if (spec.paramRef !== undefined) checkParamRef(spec.paramRef, path.child("paramRef"), errors);
  if (spec.matchResources !== undefined) checkMatchResources(spec.matchResources, path.child("matchResources"), errors);
}

export function checkValidatingBinding(spec: ValidatingAdmissionPolicyBindingSpec, path: FieldPath, errors: FieldError[]): void {
  checkBinding(spec, path, errors);
  const place = path.child("validationActions");
  const given = spec.validationActions ?? [];
  given.forEach((action, i) => {
    if (!actions.includes(action)) errors.push(notSupported(place.index(i), action, actions));
    if (given.indexOf(action) < i) errors.push(duplicate(place.index(i), action));
  });
  if (given.includes("Deny") && given.includes("Warn")) {
    const why = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
    errors.push(invalid(place, given, why));
  }
  if (given.length === 0) errors.push(required(place, "at least one validation action is required"));
}

function checkParamRef(ref: ParamRef, path: FieldPath, errors: FieldError[]): void {
  const { name = "", selector, parameterNotFoundAction: action = "" } = ref;
  const both = "name and selector are mutually exclusive";
  if (name !== "") pushProblems(errors, path.child("name"), name, pathSegmentNameProblems(name, false));
  checkLabelSelector(selector, path.child("selector"), errors);
  if (name !== "" && selector !== undefined) errors.push(forbidden(path.child("name"), both), forbidden(path.child("selector"), both));
  if (name === "" && selector === undefined) errors.push(required(path, "one of name or selector must be specified"));
  if (action === "") errors.push(required(path.child("parameterNotFoundAction")));
  else checkChoice(action, notFoundActions, path.child("parameterNotFoundAction"), errors);
}
