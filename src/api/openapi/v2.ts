import type { ApiModel } from "./api-model.ts";
import { definitionsFrom } from "./definitions.ts";
import { reference } from "./dialect.ts";
import type { DocumentPart } from "./dialect.ts";
import { plainText } from "./operations.ts";
import type { Operation, Path } from "./operations.ts";
import type { Parameter } from "./parameters.ts";
import { statusWords, typesOf } from "./v3.ts";

/** Swagger 2.0: one document for everything that is served. Parameters that many operations have stand once, under a name. */
export function documentV2(model: ApiModel): DocumentPart {
  const paths = model.documents.flatMap((name) => model.pathsOf(name) ?? []).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const shared = new Map<string, DocumentPart>();
  const items = Object.fromEntries(paths.map((path) => [path.path, pathItem(path, shared)]));
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: model.version },
    paths: items,
    definitions: definitionsFrom(model.definitions, "v2", typesOf(paths)),
    parameters: Object.fromEntries([...shared].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    securityDefinitions: { BearerToken: { description: "A bearer token.", type: "apiKey", name: "authorization", in: "header" } },
    security: [{ BearerToken: [] }],
  };
}

function pathItem({ parameters, operations }: Path, shared: Map<string, DocumentPart>): DocumentPart {
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationItem(operation, shared)])),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map((parameter) => parameterItem(parameter, shared)) }),
  };
}

function operationItem(operation: Operation, shared: Map<string, DocumentPart>): DocumentPart {
  const { tag, text, id, consumes, produces, body, action, kind } = operation;
  const parameters = operation.parameters.map((parameter) => parameterItem(parameter, shared));
  if (body !== undefined) {
    const part = { name: "body", in: "body", ...(body.required ? { required: true } : {}), schema: reference("v2", body.type) };
    parameters.unshift(body.shared === undefined ? part : share(body.shared, part, shared));
  }
  return {
    description: text,
    ...(consumes.length === 0 ? {} : { consumes }),
    produces,
    schemes: ["https"],
    tags: [tag],
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: responses(operation),
    ...(action === undefined ? {} : { "x-kubernetes-action": action }),
    ...(kind === undefined ? {} : { "x-kubernetes-group-version-kind": kind }),
  };
}

function parameterItem({ name, in: place, text, type, shared: as }: Parameter, shared: Map<string, DocumentPart>): DocumentPart {
  const part = { uniqueItems: true, type, description: text, name, in: place, ...(place === "path" ? { required: true } : {}) };
  return as === undefined ? part : share(as, part, shared);
}

function share(name: string, part: DocumentPart, shared: Map<string, DocumentPart>): DocumentPart {
  shared.set(name, part);
  return { $ref: `#/parameters/${name}` };
}

function responses({ answers }: Operation): DocumentPart {
  const made: DocumentPart = {};
  for (const [status, type] of Object.entries(answers)) {
    made[status] = { description: statusWords[status], schema: type === plainText ? { type: "string" } : reference("v2", type) };
  }
  return { ...made, 401: { description: statusWords["401"] } };
}
