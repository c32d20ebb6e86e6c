import { invalid } from "../../base/status-error.ts";
import type { Draft } from "../../base/json.ts";
import { checkDecisions, prepareApproval } from "../../api/certificates/decisions.ts";
import type { CertificateSigningRequest } from "../../api/types/certificates-v1.ts";
import { checkObjectMetaUpdate } from "../../api/validation/object-meta.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { UpdateRules } from "../replace.ts";

/** PUT and PATCH of /approval of a CertificateSigningRequest: whether its certificate may be signed. */
export const approvalRules: UpdateRules = {
  prepare: (_kind, draft, old) => prepareApproval(draft as unknown as Draft<CertificateSigningRequest>, old as CertificateSigningRequest),
  validate({ facts }, object, old) {
    const errors: FieldError[] = [];
    checkObjectMetaUpdate(object.metadata, old.metadata, {}, errors);
    errors.push(...checkDecisions(object as CertificateSigningRequest, old as CertificateSigningRequest, "approver"));
    if (errors.length > 0) throw invalid({ group: facts.group, kind: facts.kind }, object.metadata.name ?? "", errors);
  },
  mayRaiseGeneration: false,
};
