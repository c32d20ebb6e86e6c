import { badRequest } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { SelfSubjectRulesReviewSpec } from "../../api/types/authorization-v1.ts";
import type { PolicyRule } from "../../api/types/rbac-v1.ts";
import { decodeObject } from "../body.ts";
import type { ResourceCall } from "../context.ts";
import { objectAnswer } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { writeOptions } from "../write-options.ts";

/** What may I do in a namespace? What `kubectl auth can-i --list` asks. */
export function selfSubjectRulesReview(call: ResourceCall): ApiResponse {
  const options = writeOptions("CreateOptions", call.query, call.request);
  const { spec } = decodeObject(call, call.kind, options.fieldValidation) as unknown as { readonly spec: SelfSubjectRulesReviewSpec };
  const namespace = spec.namespace ?? "";
  if (namespace === "") throw badRequest("no namespace on request");
  const { rules, problems } = call.server.authorizer.rulesFor(call.user, namespace);
  const review = {
    kind: call.kind.facts.kind,
    apiVersion: call.kind.ref.apiVersion,
    metadata: {},
    spec: {},
    status: {
      resourceRules: rules.filter(({ resources }) => (resources ?? []).length > 0).map(resourceRule),
      nonResourceRules: rules.filter(({ nonResourceURLs }) => (nonResourceURLs ?? []).length > 0).map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
      incomplete: problems.length > 0,
      ...(problems.length === 0 ? {} : { evaluationError: problems.length === 1 ? problems[0] : `[${problems.join(", ")}]` }),
    },
  };
  return objectAnswer(call, 201, review as unknown as KubeObject);
}

function resourceRule({ verbs, apiGroups, resources, resourceNames }: PolicyRule): object {
  return { verbs, apiGroups, resources, ...((resourceNames ?? []).length === 0 ? {} : { resourceNames }) };
}
