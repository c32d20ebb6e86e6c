import { equalJson } from "../../src/api/schema/json-data.ts";
import { answerCreate } from "./create-answer.ts";
import type { DefaultsLine, World } from "./create-answer.ts";

/** Whether a new object has the recorded defaults. Left out: what differs from run to run, and what needs a server (tokens, addresses, ports). */
type Json = { [key: string]: unknown };

const accessVolume = "kube-api-access-";

function withoutTokens(spec: Json): void {
  const unnamed = (list: unknown): unknown[] => ((list ?? []) as Json[]).filter(({ name }) => !String(name).startsWith(accessVolume));
  const clean = (holder: Json, field: string): void => {
    const rest = unnamed(holder[field]);
    if (rest.length === 0) delete holder[field];
    else holder[field] = rest;
  };
  clean(spec, "volumes");
  for (const field of ["containers", "initContainers"]) for (const container of (spec[field] ?? []) as Json[]) clean(container, "volumeMounts");
}

/** Addresses and ports are the server's to give. */
function withoutAllocations(kind: unknown, spec: Json, request: Json): void {
  if (kind !== "Service") return;
  const asked = (request["spec"] ?? {}) as Json;
  for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"]) if (!(field in asked)) delete spec[field];
  ((spec["ports"] ?? []) as Json[]).forEach((port, i) => {
    if (((asked["ports"] ?? []) as Json[])[i]?.["nodePort"] === undefined) delete port["nodePort"];
  });
}

const uidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function steady(object: unknown, request: Json): Json {
  const now = (object as { metadata: { creationTimestamp: string } }).metadata.creationTimestamp;
  const copy = JSON.parse(JSON.stringify(object).replaceAll(uidPattern, "<uid>").replaceAll(`"${now}"`, '"<now>"')) as Json;
  const meta = copy["metadata"] as Json;
  for (const field of ["uid", "creationTimestamp", "managedFields", "generation", "resourceVersion"]) delete meta[field];
  const spec = copy["spec"] as Json | undefined;
  if (spec !== undefined) {
    if (copy["kind"] === "Pod") withoutTokens(spec);
    withoutAllocations(copy["kind"], spec, request);
  }
  return copy;
}

/** Where the two differ first, by path. */
function firstDifference(got: unknown, wanted: unknown, path = ""): string | undefined {
  if (equalJson(got, wanted)) return undefined;
  if (typeof got !== "object" || typeof wanted !== "object" || got === null || wanted === null || Array.isArray(got) !== Array.isArray(wanted)) {
    return `${path}: ${JSON.stringify(got)?.slice(0, 200)} instead of ${JSON.stringify(wanted)?.slice(0, 200)}`;
  }
  for (const key of new Set([...Object.keys(got), ...Object.keys(wanted)])) {
    const inner = firstDifference((got as Json)[key], (wanted as Json)[key], `${path}/${key}`);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

export function defaultsDifference(place: World, line: DefaultsLine): string | undefined {
  const body = line.request.body as { apiVersion: string; kind: string; metadata: { name: string } };
  const answer = answerCreate(place, line.request.body, body);
  if (answer.code !== line.status) return `${answer.code} instead of ${line.status}: ${answer.status?.message ?? ""}`;
  if (answer.object === undefined) return undefined;
  return firstDifference(steady(answer.object, body as Json), steady(line.body, body as Json));
}

export function defaultsName(line: DefaultsLine): string {
  const body = line.request.body as { kind: string; metadata: { name: string } };
  return `${body.kind}/${body.metadata.name}`;
}
