import { StatusError, badRequest, notFound } from "../../base/status-error.ts";
import { endpoints as endpointsKind, pods as podKind } from "../../api/kinds.ts";
import type { Endpoints, Pod, Service } from "../../api/types/core-v1.ts";
import type { ResourceCall } from "../context.ts";
import { notImplemented } from "../errors.ts";
import { keyOf, prefixOf } from "../keys.ts";
import type { ApiResponse } from "../request.ts";
import { bytesResponse, jsonBytes, textResponse } from "../respond.ts";

/**
 * The proxy subresources: a request to a Pod, a Service or a node goes through the API server to the program there, and its answer
 * comes back. The name may say a scheme and a port: `https:web:8443`.
 */

interface Named {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

interface Target {
  readonly ip: string;
  readonly port: number;
}

/** Fields that belong to one connection, or that the API server has used up. */
const droppedHeaders = new Set(["connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection", "authorization", "content-length", "host", "expect"]);

/** Of the machine itself, of its link, of groups, of nobody: a Pod that claims one must not become a way into the control plane. */
const innerAddress = /^(?:127\.|169\.254\.|22[4-9]\.|23\d\.|0\.0\.0\.0$|::1?$|::ffff:|fe[89ab]|ff)/i;

export async function proxy(call: ResourceCall): Promise<ApiResponse> {
  const rest = pathBehind(call);
  const named = partsOf(call.name);
  const resource = call.kind.facts.plural;
  if (resource === "nodes") return nodeAnswer(call, named, rest);
  const target = resource === "pods" ? podTarget(call, named) : serviceTarget(call, named);
  const { method } = call.request;
  if (rest === "" && (method === "GET" || method === "HEAD")) return redirect(call);
  if (named.scheme === "https") throw unreachable("tls: first record does not look like a TLS handshake");
  return forward(call, target, rest === "" ? "/" : rest);
}

async function forward(call: ResourceCall, target: Target, path: string): Promise<ApiResponse> {
  const { network } = call.server;
  if (network === undefined) throw notImplemented("the way from this API server to Pods");
  const { method, headers, body, query } = call.request;
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !droppedHeaders.has(name) && !/^(?::|impersonate-)/.test(name)));
  // The program sees the host that the client named, as upstream has it.
  const host = headers["host"] ?? headers[":authority"] ?? `${target.ip}:${target.port}`;
  let answer;
  try {
    answer = await network.fetch({ ...target, method, path: query === "" ? path : `${path}?${query}`, headers: { ...kept, host, ...forwardedHeaders(call, path) }, body: body instanceof Uint8Array ? body : new Uint8Array(0) });
  } catch (error) {
    throw unreachable(error instanceof Error ? error.message : String(error));
  }
  const answered = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !droppedHeaders.has(name)));
  return method === "HEAD" ? { status: answer.status, headers: answered, body: { type: "none" } } : bytesResponse(answer.status, answered, [answer.body]);
}

/** Who asked, behind those who passed it on before, and the path under which the program is reached from outside. */
function forwardedHeaders({ request }: ResourceCall, rest: string): { readonly [name: string]: string } {
  const { headers, path, remoteAddress } = request;
  const before = headers["x-forwarded-for"];
  const uri = cleaned(path.endsWith(rest) ? path : `${path}${rest}`);
  return { ...(remoteAddress === undefined ? {} : { "x-forwarded-for": before === undefined ? remoteAddress : `${before}, ${remoteAddress}` }), "x-forwarded-uri": uri };
}

/** Decoded, without empty segments and dots; a slash at its end stays. No line break may get into a header. */
function cleaned(path: string): string {
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // It is shown as it came.
  }
  const segments: string[] = [];
  for (const segment of decoded.replace(/[\r\n]/g, " ").split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}${decoded.endsWith("/") ? "/" : ""}`;
}

const unreachable = (why: string): StatusError => new StatusError({ code: 503, reason: "ServiceUnavailable", message: `error trying to reach service: ${why}` });

/** The path behind "/proxy", as it was sent; "" where nothing follows. */
function pathBehind({ request }: ResourceCall): string {
  return /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/proxy(\/.*)?$/.exec(request.path)?.[1] ?? "";
}

/** Relative links of a page only work from a path that ends in "/". */
function redirect({ request }: ResourceCall): ApiResponse {
  return { status: 301, headers: { location: `${request.path}/${request.query === "" ? "" : `?${request.query}`}` }, body: { type: "none" } };
}

function partsOf(text: string): Named {
  const parts = text.split(":");
  if (parts.length === 1) return { scheme: "", name: text, port: "" };
  if (parts.length === 2) return { scheme: "", name: parts[0] as string, port: parts[1] as string };
  const [scheme = "", name = "", port = ""] = parts;
  if (parts.length > 3 || (scheme !== "" && scheme !== "http" && scheme !== "https")) throw badRequest(`invalid service request ${JSON.stringify(text)}`);
  return { scheme, name, port };
}

function podTarget(call: ResourceCall, { name, port }: Named): Target {
  const pod = call.server.store.get(keyOf(call.kind, call.namespace, name))?.object as Pod | undefined;
  if (!pod) throw notFound(call.kind.facts, name);
  const ip = pod.status?.podIP ?? "";
  if (ip === "" || innerAddress.test(ip)) throw badRequest("address not allowed");
  const declared = pod.spec.containers.flatMap(({ ports }) => ports ?? []);
  const number = port === "" ? (declared[0]?.containerPort ?? 80) : Number(port);
  if (!isPort(number)) throw badRequest(`invalid port ${JSON.stringify(port)}`);
  return { ip, port: number };
}

function serviceTarget(call: ResourceCall, { name, port }: Named): Target {
  const { server, namespace } = call;
  const service = server.store.get(keyOf(call.kind, namespace, name))?.object as Service | undefined;
  if (!service) throw notFound(call.kind.facts, name);
  const unavailable = (message: string): StatusError => new StatusError({ code: 503, reason: "ServiceUnavailable", message });
  let wanted = port;
  if (/^\d+$/.test(port)) {
    const found = service.spec.ports?.find((each) => each.port === Number(port));
    if (!found) throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
    wanted = found.name ?? "";
  }
  const kind = server.registry.byKind(endpointsKind.apiVersion, endpointsKind.kind);
  const known = kind && (server.store.get(keyOf(kind, namespace, name))?.object as Endpoints | undefined);
  const found = (known?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    const match = ports.find((each) => (each.name ?? "") === wanted);
    return match?.port === undefined ? [] : addresses.map(({ ip }) => ({ ip, port: match.port as number }));
  });
  const target = found[server.readersRandom.below(Math.max(1, found.length))];
  if (!target) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  return target;
}

/** What the agent of a node itself would answer, as far as it can. */
function nodeAnswer(call: ResourceCall, { name }: Named, path: string): ApiResponse {
  const { store, registry, nodeAgents } = call.server;
  if (store.get(keyOf(call.kind, "", name)) === undefined) throw notFound(call.kind.facts, name);
  if (nodeAgents(name) === undefined) throw unreachable(`dial tcp: lookup ${name}: no route to host`);
  const own = path.replace(/\/+$/, "") || "/";
  if (own === "/healthz") return textResponse(200, "ok");
  const kind = registry.byKind(podKind.apiVersion, podKind.kind);
  if (own === "/pods" && kind) {
    const items = store.list(prefixOf(kind, "")).items.map(({ object }) => object as Pod).filter(({ spec }) => spec.nodeName === name);
    return bytesResponse(200, { "content-type": "application/json" }, [jsonBytes({ kind: "PodList", apiVersion: "v1", metadata: {}, items })]);
  }
  throw notImplemented(`the path ${own} of a node's agent`);
}

const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port <= 65_535;
