/** CertificateSigningRequest: a wish for a client or serving certificate. */
import { shortDuration } from "../../base/duration.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { certificateSigningRequests } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { CertificateSigningRequest } from "../types/certificates-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkDecisions, prepareRequestStatus } from "./decisions.ts";
import { checkRequest } from "./request-validation.ts";

export const certificateSigningRequest: KindDeclaration<CertificateSigningRequest> = {
  ref: certificateSigningRequests,
  hasGeneration: false,
  nameErrors: () => [],
  prepareCreate(draft) {
    draft.status = {};
  },
  prepareUpdate(draft, old) {
    // What was asked for stays as it was; what was decided comes by other ways.
    draft.spec = old.spec as typeof draft.spec;
    draft.status = old.status as typeof draft.status;
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkRequest(object.spec, FieldPath.of("spec"), errors);
    return errors;
  },
  status: { prepare: prepareRequestStatus, validate: (object, old) => checkDecisions(object, old, "signer") },
  selectableFields: { "spec.signerName": (object) => object.spec.signerName },
  table: {
    columns: columns("Name", "Age", "SignerName", "Requestor", "RequestedDuration", "Condition"),
    cells: (object, context) => [
      object.metadata.name,
      age(object, context),
      object.spec.signerName,
      object.spec.username ?? "",
      object.spec.expirationSeconds === undefined ? "<none>" : shortDuration(object.spec.expirationSeconds * 1000),
      conditionText(object),
    ],
  },
};

function conditionText(object: CertificateSigningRequest): string {
  const has = (type: string): boolean => object.status.conditions?.some((condition) => condition.type === type) ?? false;
  const decided = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  return `${decided}${has("Failed") ? ",Failed" : ""}${(object.status.certificate ?? "") === "" ? "" : ",Issued"}`;
}
