import type { ApiModel } from "./api-model.ts";
import { definitionsFrom } from "./definitions.ts";
import { reference } from "./dialect.ts";
import type { DocumentPart } from "./dialect.ts";
import { plainText } from "./operations.ts";
import type { Operation, Path } from "./operations.ts";
import type { Parameter } from "./parameters.ts";

/**
 * OpenAPI 3.0: a document per group version, with the definitions that its own paths reach. Parameters stand where they are used,
 * for clients such as kubectl look no further.
 */
export function documentV3(model: ApiModel, name: string): DocumentPart | undefined {
  const paths = model.pathsOf(name);
  if (paths === undefined) return undefined;
  const schemas = definitionsFrom(model.definitions, "v3", typesOf(paths));
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: model.version },
    paths: Object.fromEntries(paths.map((path) => [path.path, pathItem(path)])),
    components: {
      ...(Object.keys(schemas).length === 0 ? {} : { schemas }),
      securitySchemes: { BearerToken: { type: "apiKey", name: "authorization", in: "header", description: "A bearer token." } },
    },
    security: [{}],
  };
}

/** Names of the types that the paths speak. */
export function typesOf(paths: readonly Path[]): Set<string> {
  const types = new Set<string>();
  for (const { operations } of paths) {
    for (const { body, answers } of operations) {
      if (body !== undefined) types.add(body.type);
      for (const type of Object.values(answers)) if (type !== plainText) types.add(type);
    }
  }
  return types;
}

function pathItem({ parameters, operations }: Path): DocumentPart {
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationItem(operation)])),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterItem) }),
  };
}

function operationItem(operation: Operation): DocumentPart {
  const { tag, text, id, parameters, body, action, kind } = operation;
  return {
    tags: [tag],
    description: text,
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterItem) }),
    ...(body === undefined ? {} : { requestBody: { content: content(operation.consumes, body.type), ...(body.required ? { required: true } : {}) } }),
    responses: responses(operation),
    ...(action === undefined ? {} : { "x-kubernetes-action": action }),
    ...(kind === undefined ? {} : { "x-kubernetes-group-version-kind": kind }),
  };
}

function parameterItem({ name, in: place, text, type }: Parameter): DocumentPart {
  return { name, in: place, description: text, ...(place === "path" ? { required: true } : {}), schema: { type, uniqueItems: true } };
}

function responses({ answers, produces }: Operation): DocumentPart {
  const made: DocumentPart = {};
  for (const [status, type] of Object.entries(answers)) made[status] = { description: statusWords[status], content: content(produces, type) };
  return { ...made, 401: { description: statusWords["401"] } };
}

export const statusWords: { readonly [status: string]: string } = { 200: "OK", 201: "Created", 202: "Accepted", 401: "Unauthorized" };

function content(mediaTypes: readonly string[], type: string): DocumentPart {
  const schema = type === plainText ? { type: "string" } : reference("v3", type);
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
}
