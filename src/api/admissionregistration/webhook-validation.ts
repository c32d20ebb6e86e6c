import type { FieldError } from "../../base/field-error.ts";
import type { MutatingWebhook, ValidatingWebhook, WebhookClientConfig } from "../types/admissionregistration-v1.ts";
import { duplicate, invalid, notSupported, required } from "../validation/errors.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { dns1123SubdomainProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import { checkReviewVersions, checkWebhookService, checkWebhookUrl, reviewVersions } from "../validation/webhook-client.ts";
import { checkChoice, checkMatchConditions, checkRule, failurePolicies, matchPolicies, reinvocationPolicies } from "./rules-validation.ts";

/** Validation of webhooks, of either kind. */
const sideEffects = ["None", "NoneOnDryRun"];

export function checkWebhooks(webhooks: readonly (ValidatingWebhook | MutatingWebhook)[] | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  webhooks?.forEach((webhook, i) => {
    const path = FieldPath.of("webhooks").index(i);
    checkWebhook(webhook, path, errors);
    checkReviewVersions(webhook.admissionReviewVersions ?? [], path.child("admissionReviewVersions"), errors, `must specify one of ${reviewVersions.join(", ")}`);
    if (webhook.name === "") return;
    if (names.has(webhook.name)) errors.push(duplicate(path.child("name"), webhook.name));
    names.add(webhook.name);
  });
  return errors;
}

function checkWebhook(webhook: ValidatingWebhook & Pick<MutatingWebhook, "reinvocationPolicy">, path: FieldPath, errors: FieldError[]): void {
  checkName(webhook.name, path.child("name"), errors);
  webhook.rules?.forEach((rule, i) => checkRule(rule, path.child("rules").index(i), errors));
  checkChoice(webhook.failurePolicy, failurePolicies, path.child("failurePolicy"), errors);
  checkChoice(webhook.matchPolicy, matchPolicies, path.child("matchPolicy"), errors);
  const effects = webhook.sideEffects ?? undefined;
  if (effects === undefined) errors.push(required(path.child("sideEffects"), `must specify one of ${sideEffects.join(", ")}`));
  else if (!sideEffects.includes(effects)) errors.push(notSupported(path.child("sideEffects"), effects, sideEffects));
  const seconds = webhook.timeoutSeconds;
  if (seconds !== undefined && (seconds < 1 || seconds > 30)) {
    errors.push(invalid(path.child("timeoutSeconds"), seconds, "the timeout value must be between 1 and 30 seconds"));
  }
  for (const field of ["namespaceSelector", "objectSelector"] as const) checkLabelSelector(webhook[field], path.child(field), errors);
  checkChoice(webhook.reinvocationPolicy, reinvocationPolicies, path.child("reinvocationPolicy"), errors);
  checkClient(webhook.clientConfig, path.child("clientConfig"), errors);
  checkMatchConditions(webhook.matchConditions, false, path.child("matchConditions"), errors);
}

/** A domain of three parts at least. */
function checkName(name: string, path: FieldPath, errors: FieldError[]): void {
  if (name === "") {
    errors.push(required(path));
    return;
  }
  const problems = dns1123SubdomainProblems(name);
  if (problems.length > 0) errors.push(invalid(path, name, problems.join(",")));
  else if (name.split(".").length < 3) errors.push(invalid(path, name, "should be a domain with at least three segments separated by dots"));
}

function checkClient({ url, service }: WebhookClientConfig, path: FieldPath, errors: FieldError[]): void {
  if ((url === undefined) === (service === undefined)) errors.push(required(path, "exactly one of url or service is required"));
  else if (url !== undefined) checkWebhookUrl(url, path.child("url"), errors);
  // Upstream mixes up the two names here, and blames each for what the other lacks.
  else if (service !== undefined) checkWebhookService({ ...service, name: service.namespace, namespace: service.name }, path.child("service"), errors);
}
