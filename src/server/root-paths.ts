import type { ServerContext } from "./context.ts";
import type { Query } from "./query.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";
import { textResponse } from "./respond.ts";

/** Paths that anybody may read. */
export function isOpenPath(path: string): boolean {
  return /^\/(healthz|livez|readyz|version)(\/|$)/.test(path);
}

export interface RootRequest {
  readonly context: ServerContext;
  readonly request: ApiRequest;
  readonly query: Query;
  readonly path: string;
}

export function rootPath({ path }: RootRequest): ApiResponse {
  if (/^\/(healthz|livez|readyz)$/.test(path)) return textResponse(200, "ok");
  return textResponse(404, "404 page not found\n");
}
