/** CertificateSigningRequest: a wish for a client or serving certificate. */
import { shortDuration } from "../../base/duration.ts";
import type { KindDeclaration } from "../declaration.ts";
import { certificateSigningRequests } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { CertificateSigningRequest } from "../types/certificates-v1.ts";

export const certificateSigningRequest: KindDeclaration<CertificateSigningRequest> = {
  ref: certificateSigningRequests,
  hasGeneration: false,
  nameErrors: () => [],
  prepareCreate(draft) {
    draft.status = {};
  },
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
