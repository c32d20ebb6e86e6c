import { printYaml } from "../api/yaml.ts";
import type { Soon } from "../base/soon.ts";
import type { ServerContext } from "./context.ts";
import { healthAnswer, healthMetrics, healthPaths } from "./discovery/health.ts";
import { methodNotAllowed, noSuchResource, notImplemented } from "./errors.ts";
import { metricsAnswer } from "./metrics/exposition.ts";
import { negotiate, parseAccept, wantsPretty } from "./negotiate.ts";
import { openApiAnswer } from "./openapi/answer.ts";
import type { Query } from "./query.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";
import { bytesResponse, encodeText, headersFor, jsonBytes, objectResponse, prettyBytes, textResponse } from "./respond.ts";
import { keyDiscovery } from "./tokens/key-discovery.ts";

/** Everything that is no resource: health, version, discovery, the index of paths. */
export interface RootRequest {
  readonly context: ServerContext;
  readonly request: ApiRequest;
  readonly query: Query;
  readonly path: string;
}

/** Paths that anybody may read: the sums of health without the single checks, as the role system:public-info-viewer names them. */
export function isOpenPath(path: string): boolean {
  return /^\/(healthz|livez|readyz|version\/?)$/.test(path);
}

type RootHandler = (root: RootRequest) => Soon<ApiResponse | undefined>;

/** By the first part of the path. Undefined: there is nothing under this path. */
const handlers: { readonly [first: string]: RootHandler } = {
  "": index,
  healthz: health,
  livez: health,
  readyz: health,
  version: ({ context, request }) => indented(request, versionInfo(context.gitVersion)),
  api: discovery,
  apis: discovery,
  openapi: ({ context, request, query, path }) => openApiAnswer(context.openApi, request, query, path),
  metrics: ({ context, path }) => metrics(context, path),
  flagz: () => refuse("/flagz"),
  statusz: () => refuse("/statusz"),
  openid: ({ context, path }) => keyDiscovery(path, context.tokens),
  ".well-known": ({ context, path }) => keyDiscovery(path, context.tokens),
};

export async function rootPath(root: RootRequest): Promise<ApiResponse> {
  const { path, request } = root;
  const first = path.split("/")[1] ?? "";
  const handler = Object.hasOwn(handlers, first) ? handlers[first] : undefined;
  const answer = await handler?.(root);
  if (answer === undefined) return textResponse(404, "404 page not found\n");
  if (request.method !== "GET" && request.method !== "HEAD") throw methodNotAllowed();
  return answer;
}

function metrics(context: ServerContext, path: string): ApiResponse | undefined {
  if (path === "/metrics") return metricsAnswer(context);
  return path === "/metrics/slis" ? healthMetrics() : undefined;
}

function refuse(path: string): never {
  throw notImplemented(path);
}

/** What only people read is indented for everybody. */
function indented(request: ApiRequest, data: object): ApiResponse {
  if (request.wants === "object") return objectResponse(200, data as never);
  return bytesResponse(200, headersFor("json", []), [prettyBytes(data)]);
}

/** What clients read is indented for who asks for it, and for browsers and the like. */
function negotiated({ context, request, query }: RootRequest, data: object): ApiResponse {
  if (request.wants === "object") return objectResponse(200, data as never);
  const { encoding, pretty } = negotiate({ accept: request.headers["accept"], convertible: false, protobuf: true, pretty: wantsPretty(request, query) });
  if (encoding === "protobuf") return bytesResponse(200, headersFor(encoding, []), [context.protobuf.encode(data)]);
  const text = encoding === "yaml" ? encodeText(printYaml(data as never)) : pretty ? prettyBytes(data) : jsonBytes(data);
  return bytesResponse(200, headersFor(encoding, []), [text]);
}

function index({ context, request, path }: RootRequest): ApiResponse | undefined {
  if (path !== "/" && path !== "") return undefined;
  const groups = context.registry.groups().filter((group) => group.name !== "");
  const paths = [
    "/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/", "/flagz", "/metrics", "/metrics/slis", "/openapi/v2", "/openapi/v3", "/openapi/v3/",
    "/openid/v1/jwks", "/statusz", "/version",
    ...groups.flatMap((group) => [`/apis/${group.name}`, ...group.versions.map((version) => `/apis/${group.name}/${version}`)]),
    ...healthPaths(),
  ];
  return indented(request, { paths: paths.toSorted() });
}

function health({ path, query }: RootRequest): ApiResponse | undefined {
  const [endpoint, ...rest] = path.slice(1).split("/") as [string, ...string[]];
  return healthAnswer(endpoint, rest.join("/"), { verbose: query.has("verbose"), exclude: query.all("exclude") });
}

/** `v1.36.3` as the version document spells it out. The build fields say that nothing was compiled. */
function versionInfo(gitVersion: string): object {
  const [major = "", minor = ""] = gitVersion.slice(1).split(".");
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion,
    gitCommit: "$Format:%H$",
    gitTreeState: "",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "go1.26.8",
    compiler: "gc",
    platform: "linux/amd64",
  };
}

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

function discovery(asked: RootRequest): ApiResponse | undefined {
  const { request, query, path } = asked;
  const { discovery: documents } = asked.context;
  const root = path.replace(/\/+$/, "");
  if ((root === "/api" || root === "/apis") && request.wants === "bytes" && wantsAggregated(request.headers["accept"] ?? "")) {
    const { document, etag } = documents.aggregated(root);
    const headers = { ...headersFor("json", []), "content-type": aggregatedType, etag, vary: "Accept" };
    if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: { type: "none" } };
    return bytesResponse(200, headers, [wantsPretty(request, query) ? prettyBytes(document) : jsonBytes(document)]);
  }
  const document = documents.legacy(root);
  if (document !== undefined) return negotiated(asked, document);
  // Below a known root, the answer is a Status.
  const [first, group] = root.slice(1).split("/");
  if (first === "api" || documents.registry.groups().some(({ name }) => name === group)) throw noSuchResource();
  return undefined;
}

/** Whether the aggregated form comes before any plain one that we have. */
function wantsAggregated(accept: string): boolean {
  for (const { type, parameters } of parseAccept(accept)) {
    if (type !== "application/json" && type !== "*/*") continue;
    if (parameters.get("as") === undefined) return false;
    if (parameters.get("as") === "APIGroupDiscoveryList" && parameters.get("g") === "apidiscovery.k8s.io" && parameters.get("v") === "v2") return true;
  }
  return false;
}
