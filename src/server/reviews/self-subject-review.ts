import type { KubeObject } from "../../api/kind-ref.ts";
import { formatTime } from "../../base/time.ts";
import { decodeObject } from "../body.ts";
import type { ResourceCall } from "../context.ts";
import { objectAnswer } from "../represent.ts";
import type { ApiResponse, UserInfo } from "../request.ts";
import { writeOptions } from "../write-options.ts";

/** Who am I? What `kubectl auth whoami` asks. */
export function selfSubjectReview(call: ResourceCall): ApiResponse {
  const options = writeOptions("CreateOptions", call.query, call.request);
  decodeObject(call, call.kind, options.fieldValidation);
  const review = {
    kind: call.kind.facts.kind,
    apiVersion: call.kind.ref.apiVersion,
    metadata: { creationTimestamp: formatTime(call.server.environment.clock.now()) },
    status: { userInfo: userInfoOf(call.user) },
  };
  return objectAnswer(call, 201, review as unknown as KubeObject);
}

/** A user in the form of the API. */
export function userInfoOf({ name, uid, groups, extra }: UserInfo): object {
  return { username: name, ...(uid === undefined ? {} : { uid }), ...(groups.length === 0 ? {} : { groups }), ...(extra === undefined ? {} : { extra }) };
}
