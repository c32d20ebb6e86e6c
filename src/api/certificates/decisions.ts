import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from "../types/certificates-v1.ts";
import { forbidden } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { checkRequestConditions } from "./request-validation.ts";

/**
 * How the status of a request may change. Whoever approves sets conditions and nothing else; whoever signs sets the certificate, and says
 * when it failed. What has been decided is not taken back.
 */
const conditionsPath = FieldPath.of("status").child("conditions");
const kept = ["Approved", "Denied", "Failed"];
const approvals = ["Approved", "Denied"];

/** Of an approval only the conditions count. */
export function prepareApproval(draft: Draft<CertificateSigningRequest>, old: CertificateSigningRequest): void {
  const { conditions } = draft.status ?? {};
  draft.spec = old.spec as typeof draft.spec;
  draft.status = { ...(old.status as typeof draft.status) };
  if (conditions === undefined) delete draft.status.conditions;
  else draft.status.conditions = conditions;
}

/** Of a status, decisions that stand stay as they are, whether or not the writer knew of them. */
export function prepareRequestStatus(draft: Draft<CertificateSigningRequest>, old: CertificateSigningRequest): void {
  const conditions = [...(draft.status?.conditions ?? [])];
  for (const standing of old.status.conditions ?? []) {
    const at = conditions.findIndex(({ type }) => type === standing.type);
    if (!approvals.includes(standing.type)) continue;
    if (at < 0) conditions.push(standing as Draft<CertificateSigningRequestCondition>);
    else conditions[at] = standing as Draft<CertificateSigningRequestCondition>;
  }
  if (conditions.length > 0) draft.status.conditions = conditions;
}

/** When a condition came to be, where its writer did not say so. */
export function stampConditions(draft: Draft<CertificateSigningRequest>, old: CertificateSigningRequest, now: string): void {
  for (const condition of draft.status?.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    // Decoding writes a time that is missing as null.
    if ((condition.lastTransitionTime ?? null) !== null) continue;
    const before = old.status.conditions?.find(({ type, status }) => type === condition.type && status === condition.status);
    condition.lastTransitionTime = before?.lastTransitionTime ?? now;
  }
}

export function checkDecisions(object: CertificateSigningRequest, old: CertificateSigningRequest, by: "approver" | "signer"): FieldError[] {
  const errors: FieldError[] = [];
  checkRequestConditions(object.status.conditions, conditionsPath, errors);
  const has = ({ status }: CertificateSigningRequest, type: string): boolean => status.conditions?.some((condition) => condition.type === type) ?? false;
  for (const type of kept) if (has(old, type) && !has(object, type)) errors.push(forbidden(conditionsPath, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  if (by === "signer") {
    for (const type of approvals) if (!has(old, type) && has(object, type)) errors.push(forbidden(conditionsPath, `updates may not add a condition of type ${JSON.stringify(type)}`));
  }
  const [certificate, before] = [object.status.certificate ?? "", old.status.certificate ?? ""];
  const path = FieldPath.of("status").child("certificate");
  if (certificate !== before && by === "approver") errors.push(forbidden(path, "updates may not set certificate content"));
  else if (certificate !== before && before !== "") errors.push(forbidden(path, "updates may not modify existing certificate content"));
  return errors;
}
