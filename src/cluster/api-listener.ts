import type { ApiServer } from "../server/request.ts";
import type { HttpRequest, HttpResponse, Listener } from "../sim/network.ts";
import { bodyText } from "./body-text.ts";

/**
 * The API server as simulated programs reach it: at port 6443 of the first machine, behind the Service `kubernetes`. Who shows a
 * token is who the token says; nobody has a client certificate here. Answers that go on for ever are refused: programs take them
 * as a whole.
 */
/** Queries whose answer goes on as long as somebody reads it. */
const endless = /(^|&)(watch|follow)(=(true|1))?(&|$)/;
const json = { "content-type": "application/json" };

export function apiListener(server: ApiServer): Listener {
  return { program: "kube-apiserver", isTls: true, http: (request, from) => answer(server, request, from) };
}

async function answer(server: ApiServer, request: HttpRequest, from: string): Promise<HttpResponse> {
  const mark = request.path.indexOf("?");
  const [path, query] = mark < 0 ? [request.path, ""] : [request.path.slice(0, mark), request.path.slice(mark + 1)];
  const token = /^bearer (\S+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
  const response = await server.handle({
    method: request.method,
    path,
    query,
    headers: request.headers,
    body: request.body === "" ? undefined : new TextEncoder().encode(request.body),
    credentials: token === undefined ? { type: "none" } : { type: "token", token },
    wants: "bytes",
    remoteAddress: from,
  });
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, typeof value === "string" ? value : value.join(", ")]));
  const body = endless.test(query) ? undefined : await bodyText(response);
  if (body === undefined) return { status: 501, reason: "Not Implemented", headers: json, body: `${JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: "answers without an end are not served to simulated programs", reason: "NotImplemented", code: 501 })}\n` };
  return { status: response.status, reason: reasons[response.status] ?? "", headers, body };
}

const reasons: { readonly [status: number]: string } = { 200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 410: "Gone", 415: "Unsupported Media Type", 422: "Unprocessable Entity", 500: "Internal Server Error", 503: "Service Unavailable" };
