/** Defaults that webhooks and policies share. */
import type { Draft } from "../../base/json.ts";
import type { MatchResources, ParamRef, RuleWithOperations, ValidatingWebhook } from "../types/admissionregistration-v1.ts";

type Webhook = Omit<ValidatingWebhook, "name" | "sideEffects" | "admissionReviewVersions">;

export function defaultWebhook(webhook: Draft<Webhook>): void {
  webhook.failurePolicy ??= "Fail";
  webhook.matchPolicy ??= "Equivalent";
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  if (webhook.clientConfig?.service !== undefined && webhook.clientConfig.service !== null) webhook.clientConfig.service.port ??= 443;
  defaultRules(webhook.rules);
}

export function defaultMatchResources(resources: Draft<MatchResources>): void {
  resources.matchPolicy ??= "Equivalent";
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
  defaultRules(resources.resourceRules);
  defaultRules(resources.excludeResourceRules);
}

function defaultRules(rules: Draft<readonly RuleWithOperations[]> | undefined): void {
  for (const rule of rules ?? []) if (rule !== null) rule.scope ??= "*";
}

/** The cell PARAMREF. */
export function paramText(ref: ParamRef | undefined): string {
  if (ref === undefined) return "<unset>";
  const name = (ref.name ?? "") === "" ? "*" : (ref.name as string);
  return (ref.namespace ?? "") === "" ? name : `${ref.namespace}/${name}`;
}
