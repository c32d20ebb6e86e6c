import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { StatusError, badRequest, invalid } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { SelfSubjectAccessReviewSpec, SubjectAccessReviewSpec } from "../../api/types/authorization-v1.ts";
import { decodeObject } from "../body.ts";
import type { ResourceCall } from "../context.ts";
import { takeOwnership } from "../ownership.ts";
import { fieldError } from "../option-errors.ts";
import { objectAnswer } from "../represent.ts";
import type { ApiResponse, UserInfo } from "../request.ts";
import type { RequestInfo } from "../request-info.ts";
import { writeOptions } from "../write-options.ts";

/** May somebody do something? The answer is the authorizer's own, so it agrees with what a request would get. */
type Review = Draft<KubeObject> & { spec: Draft<SubjectAccessReviewSpec>; status?: unknown };

export function selfSubjectAccessReview(call: ResourceCall): ApiResponse {
  return answer(call, () => call.user);
}

export function subjectAccessReview(call: ResourceCall): ApiResponse {
  return answer(call, subjectOf);
}

export function localSubjectAccessReview(call: ResourceCall): ApiResponse {
  return answer(call, (spec) => {
    if (spec.resourceAttributes?.namespace !== call.namespace) throw badRequest("spec.resourceAttributes.namespace must match the namespace of the request");
    return subjectOf(spec);
  });
}

function subjectOf(spec: SubjectAccessReviewSpec): UserInfo {
  const { user = "", groups = [], uid, extra } = spec;
  return { name: user, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

function answer(call: ResourceCall, subject: (spec: SubjectAccessReviewSpec) => UserInfo): ApiResponse {
  const options = writeOptions("CreateOptions", call.query, call.request);
  const review = decodeObject(call, call.kind, options.fieldValidation) as Review;
  const self = call.kind.facts.kind === "SelfSubjectAccessReview";
  check(review.spec as SubjectAccessReviewSpec, self);
  takeOwnership(call, call.kind, { draft: review, old: undefined, options });
  const user = subject(review.spec as SubjectAccessReviewSpec);
  const { allowed, reason } = call.server.authorizer.explain(user, asked(review.spec as SubjectAccessReviewSpec));
  review.status = { allowed, ...(reason === "" ? {} : { reason }) };
  return objectAnswer(call, 201, review as unknown as KubeObject);
}

function check(spec: SubjectAccessReviewSpec, self: boolean): void {
  const errors: FieldError[] = [];
  const both = spec.resourceAttributes !== undefined && spec.nonResourceAttributes !== undefined;
  const neither = spec.resourceAttributes === undefined && spec.nonResourceAttributes === undefined;
  const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  if (both) errors.push(fieldError("FieldValueInvalid", "spec.nonResourceAttributes", "Invalid value: cannot be specified in combination with resourceAttributes"));
  if (neither) errors.push(fieldError("FieldValueInvalid", "spec.resourceAttributes", `Invalid value: null: ${why}`));
  if (!self && (spec.user ?? "") === "" && (spec.groups ?? []).length === 0) {
    errors.push(fieldError("FieldValueInvalid", "spec.user", 'Invalid value: "": at least one of user or group must be specified'));
  }
  if (errors.length === 0) return;
  // Upstream leaves the kind out of this answer.
  const { message = "", details } = invalid({ group: "authorization.k8s.io", kind: "" }, "", errors).status;
  const { kind: _, ...rest } = details ?? {};
  throw new StatusError({ code: 422, reason: "Invalid", message, details: rest });
}

function asked(spec: SelfSubjectAccessReviewSpec): RequestInfo {
  const { nonResourceAttributes: path, resourceAttributes: resource } = spec;
  if (resource === undefined) return { type: "path", verb: path?.verb ?? "", path: path?.path ?? "" };
  const { verb = "", group = "", version = "", namespace = "", resource: plural = "", subresource = "", name = "" } = resource;
  return { type: "resource", verb, group, version, namespace, resource: plural, subresource, name, rest: "", watchPath: false };
}
