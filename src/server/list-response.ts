import type { KubeObject } from "../api/kind-ref.ts";
import type { Soon } from "../base/soon.ts";
import type { Stored } from "../store/contract.ts";
import type { ResourceCall } from "./context.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { dataAnswer, servedForm } from "./represent.ts";
import type { ApiResponse, ObjectList } from "./request.ts";
import { bytesResponse, encodeText, headersFor, objectResponse } from "./respond.ts";
import { tableOf } from "./table.ts";
import type { ListMeta } from "./table.ts";

/**
 * Answers with a list. As plain JSON it is a concatenation of the bytes that the store keeps, each without its kind and
 * apiVersion, as upstream's lists have it: no object is encoded again.
 */

/** Objects encoded before others get their turn: 500 of about 10 µs hold the event loop for 5 ms. */
const encodedPerTurn = 500;

export function listResponse(call: ResourceCall, items: readonly Stored[], metadata: ListMeta): Soon<ApiResponse> {
  const { kind, representation, request } = call;
  const converted = kind.conversion !== undefined && kind.storage !== kind;
  if (representation.as === "table") return dataAnswer(call, 200, tableOf(call, served(call, items), metadata));
  if (representation.as === "partial") {
    const partial = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata, items: items.map(({ object }) => partialMetadata(object)) };
    return dataAnswer(call, 200, partial);
  }
  const head = { kind: kind.facts.list ?? `${kind.facts.kind}List`, apiVersion: kind.ref.apiVersion, metadata };
  if (request.wants === "object") return objectResponse(200, { ...head, items: served(call, items) } as ObjectList, call.warnings);
  if (representation.encoding === "protobuf") return messages(call, head, items);
  if (converted || representation.encoding !== "json") return dataAnswer(call, 200, { ...head, items: served(call, items).map(withoutKind) });
  return representation.pretty ? indented(call, head, items) : concatenated(call, head, items);
}

function served(call: ResourceCall, items: readonly Stored[]): readonly KubeObject[] {
  return items.map(({ object }) => servedForm(call.kind, object));
}

function withoutKind({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject): object {
  return rest;
}

const separator = encodeText(",{");
const opening = encodeText("{");
const closing = encodeText("]}\n");

async function concatenated(call: ResourceCall, head: object, items: readonly Stored[]): Promise<ApiResponse> {
  const { kind, server } = call;
  const skipped = encodeText(`{"kind":${JSON.stringify(kind.facts.kind)},"apiVersion":${JSON.stringify(kind.ref.apiVersion)},`).length;
  const parts: Uint8Array[] = [encodeText(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  for (let i = 0; i < items.length; i++) {
    if (i > 0 && i % encodedPerTurn === 0) await new Promise<void>((resolve) => server.environment.runner.post(resolve));
    parts.push(i === 0 ? opening : separator, (items[i] as Stored).bytes().subarray(skipped));
  }
  parts.push(closing);
  return bytesResponse(200, headersFor("json", call.warnings), parts);
}

/** The same list for people to read: object by object, for it is long, too. */
async function indented({ server, warnings }: ResourceCall, head: object, items: readonly Stored[]): Promise<ApiResponse> {
  const parts: Uint8Array[] = [encodeText(`${JSON.stringify(head, null, 2).slice(0, -2)},\n  "items": [`)];
  for (let i = 0; i < items.length; i++) {
    if (i > 0 && i % encodedPerTurn === 0) await new Promise<void>((resolve) => server.environment.runner.post(resolve));
    const text = JSON.stringify(withoutKind((items[i] as Stored).object), null, 2).replaceAll("\n", "\n    ");
    parts.push(encodeText(`${i === 0 ? "" : ","}\n    ${text}`));
  }
  parts.push(encodeText(items.length === 0 ? "]\n}" : "\n  ]\n}"));
  return bytesResponse(200, headersFor("json", warnings), parts);
}

/** The same list in protobuf, object by object. */
async function messages({ kind, server, warnings }: ResourceCall, head: { readonly kind: string; readonly apiVersion: string; readonly metadata: object }, items: readonly Stored[]): Promise<ApiResponse> {
  const list = server.protobuf.list(head);
  const parts: Uint8Array[] = [list.head];
  for (let i = 0; i < items.length; i++) {
    if (i > 0 && i % encodedPerTurn === 0) await new Promise<void>((resolve) => server.environment.runner.post(resolve));
    parts.push(list.item(servedForm(kind, (items[i] as Stored).object)));
  }
  const { before, after } = server.protobuf.envelope(head, parts.reduce((length, part) => length + part.length, 0));
  return bytesResponse(200, headersFor("protobuf", warnings), [before, ...parts, after]);
}
