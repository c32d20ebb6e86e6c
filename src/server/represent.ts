import { printYaml } from "../api/yaml.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Stored } from "../store/contract.ts";
import type { Kind } from "../api/registry.ts";
import type { ResourceCall } from "./context.ts";
import type { ApiResponse, ObjectList } from "./request.ts";
import { bytesResponse, encodeText, headersFor, jsonBytes, objectResponse, prettyBytes } from "./respond.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { tableOf } from "./table.ts";

/** Answers with one object in the form that the client wants. A committed object goes out as the bytes that the store keeps. */
export function storedResponse(call: ResourceCall, status: number, stored: Stored): ApiResponse {
  const { representation, request, kind, warnings } = call;
  const converted = kind.conversion !== undefined && kind.storage !== kind;
  if (request.wants === "object" || representation.as !== "object" || representation.encoding !== "json" || representation.pretty || converted) {
    return objectAnswer(call, status, servedForm(kind, stored.object));
  }
  return bytesResponse(status, headersFor("json", warnings), [stored.bytes(), lineFeed]);
}

const lineFeed = encodeText("\n");

/** Answers with an object that is not stored as it is (dry runs, deleted objects, lists). */
export function objectAnswer(call: ResourceCall, status: number, object: KubeObject): ApiResponse {
  const { representation, warnings } = call;
  switch (representation.as) {
    case "table":
      return dataAnswer(call, status, tableOf(call, [object], { resourceVersion: object.metadata.resourceVersion ?? "" }));
    case "partial":
      return dataAnswer(call, status, partialMetadata(object));
    default:
      return call.request.wants === "object" ? objectResponse(status, object, warnings) : dataAnswer(call, status, object);
  }
}

/** Any data in the encoding that the client wants. */
export function dataAnswer(call: ResourceCall, status: number, data: object): ApiResponse {
  const { representation, request, warnings } = call;
  if (request.wants === "object") return objectResponse(status, data as KubeObject | ObjectList, warnings);
  const headers = headersFor(representation.encoding, warnings);
  if (representation.encoding === "protobuf") return bytesResponse(status, headers, [call.server.protobuf.encode(data)]);
  if (representation.encoding === "yaml") return bytesResponse(status, headers, [encodeText(printYaml(data as never))]);
  return bytesResponse(status, headers, [representation.pretty ? prettyBytes(data) : jsonBytes(data)]);
}

/** The object in the version that this path serves. */
export function servedForm(kind: Kind, object: KubeObject): KubeObject {
  return kind.conversion === undefined || kind.storage === kind ? object : (kind.conversion.toServed(object) as KubeObject);
}
