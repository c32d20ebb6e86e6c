import { StatusError } from "../../base/status-error.ts";
import { parseAccept } from "../negotiate.ts";
import type { Query } from "../query.ts";
import type { ApiRequest, ApiResponse } from "../request.ts";
import { bytesResponse } from "../respond.ts";
import type { EncodedDocument, OpenApi, SwaggerForm } from "./open-api.ts";

/**
 * `/openapi/v2`, `/openapi/v3` and the documents below it, with what lets clients keep them: an entity tag, and for a document asked for
 * by the hash that the index tells, leave to keep it for good. An outdated hash leads to the present one.
 */
export async function openApiAnswer(openApi: OpenApi, request: ApiRequest, query: Query, path: string): Promise<ApiResponse | undefined> {
  const root = path.replace(/\/+$/, "");
  const accept = request.headers["accept"] ?? "";
  if (root === "/openapi/v2") {
    const { form, contentType } = pickForm(accept, swaggerForms);
    return told(request, await openApi.swagger(form), { contentType, cacheControl });
  }
  if (root === "/openapi/v3") {
    const { contentType } = pickForm(accept, jsonOnly);
    return told(request, await openApi.index(), { contentType, cacheControl });
  }
  if (!root.startsWith("/openapi/v3/")) return undefined;
  const { contentType } = pickForm(accept, jsonOnly);
  const document = await openApi.document(root.slice("/openapi/v3/".length));
  if (document === undefined) return undefined;
  const wanted = query.get("hash");
  if (wanted === undefined || wanted === "") return told(request, document, { contentType, cacheControl });
  if (wanted !== document.hash) return { status: 301, headers: { location: `${root}?hash=${document.hash}`, "cache-control": cacheControl }, body: { type: "none" } };
  return told(request, document, { contentType, cacheControl: forGood });
}

const cacheControl = "no-cache, private";
/** The hash is part of the address, so what stands there never changes; a year is the longest that a cache may be told. */
const forGood = `public, immutable, max-age=${365 * 24 * 60 * 60}`;

interface Form {
  readonly mediaType: string;
  readonly form: SwaggerForm;
  readonly contentType: string;
}

const json: Form = { mediaType: "application/json", form: "json", contentType: "application/json" };
const jsonOnly: readonly Form[] = [json];
/** The first name is the proper one, the second the one that can be a media type in HTTP. */
const swaggerForms: readonly Form[] = [
  json,
  ...["application/com.github.proto-openapi.spec.v2@v1.0+protobuf", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"].map(
    (mediaType): Form => ({ mediaType, form: "protobuf", contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf" }),
  ),
];

function pickForm(accept: string, forms: readonly Form[]): Form {
  if (accept === "") return json;
  for (const { type } of parseAccept(accept)) {
    if (type === "*/*" || type === "application/*") return json;
    const form = forms.find(({ mediaType }) => mediaType === type);
    if (form !== undefined) return form;
  }
  const known = forms.map(({ mediaType }) => mediaType).join(", ");
  throw new StatusError({ code: 406, reason: "NotAcceptable", message: `only the following media types are accepted: ${known}` });
}

function told(request: ApiRequest, document: EncodedDocument, how: { readonly contentType: string; readonly cacheControl: string }): ApiResponse {
  const etag = `"${document.hash}"`;
  const headers = { "content-type": how.contentType, "cache-control": how.cacheControl, etag, vary: "Accept" };
  if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: { type: "none" } };
  if (request.wants === "object") return { status: 200, headers, body: { type: "object", object: JSON.parse(new TextDecoder().decode(document.bytes)) as never } };
  return bytesResponse(200, headers, [document.bytes]);
}
