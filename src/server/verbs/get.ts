import { badRequest, notFound } from "../../base/status-error.ts";
import type { ResourceCall } from "../context.ts";
import { tooLargeResourceVersion } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { parseResourceVersion } from "../list-options.ts";
import { storedResponse } from "../represent.ts";
import type { ApiResponse } from "../request.ts";

/** GET of one object. The newest state answers for every resourceVersion that is not ahead of it. */
export function get(call: ResourceCall): ApiResponse {
  const { server, kind } = call;
  const asked = call.query.get("resourceVersion");
  if (asked !== undefined && asked !== "" && parseResourceVersion(asked, badRequest) > server.store.revision) throw tooLargeResourceVersion(asked, server.store.revision);
  const stored = server.store.get(keyOf(kind, call.namespace, call.name));
  if (stored === undefined) throw notFound(kind.facts, call.name);
  return storedResponse(call, 200, stored);
}
