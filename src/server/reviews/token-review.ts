import type { Draft } from "../../base/json.ts";
import { badRequest } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { TokenReviewSpec } from "../../api/types/authentication-v1.ts";
import { decodeObject } from "../body.ts";
import type { ResourceCall } from "../context.ts";
import { takeOwnership } from "../ownership.ts";
import { objectAnswer } from "../represent.ts";
import type { ApiResponse } from "../request.ts";
import { TokenRefusal, apiAudiences } from "../tokens/service-account-tokens.ts";
import type { ServiceAccountTokens } from "../tokens/service-account-tokens.ts";
import { writeOptions } from "../write-options.ts";
import { userInfoOf } from "./self-subject-review.ts";

/** Whose is this token? What servers ask that are given one. */
type Review = Draft<KubeObject> & { spec: Draft<TokenReviewSpec>; status?: unknown };

export function tokenReview(call: ResourceCall): ApiResponse {
  const options = writeOptions("CreateOptions", call.query, call.request);
  const review = decodeObject(call, call.kind, options.fieldValidation) as Review;
  const { token = "", audiences = [] } = review.spec;
  if (token === "") throw badRequest("token is required for TokenReview in authentication");
  takeOwnership(call, call.kind, { draft: review, old: undefined, options });
  review.status = statusOf(call.server.tokens, token, audiences.length === 0 ? apiAudiences : audiences);
  return objectAnswer(call, 201, review as unknown as KubeObject);
}

function statusOf(tokens: ServiceAccountTokens, token: string, audiences: readonly string[]): object {
  try {
    const known = tokens.authenticate(token, audiences);
    if (known === undefined) return { user: {}, error: "invalid bearer token" };
    return { authenticated: true, user: userInfoOf(known.user), audiences: known.audiences };
  } catch (error) {
    if (!(error instanceof TokenRefusal)) throw error;
    return { user: {}, error: `[invalid bearer token, ${error.message}]` };
  }
}
