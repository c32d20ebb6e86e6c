import type { DocumentPart } from "./dialect.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

/**
 * The Swagger 2.0 document in protobuf, message `openapi.v2.Document` of gnostic's OpenAPIv2.proto: the only form in which client-go
 * asks for it. What stands under `x-` and the values of enums are YAML texts in it; JSON is YAML.
 */
export function swaggerProtobuf(document: DocumentPart): Uint8Array {
  const writer = new ProtobufWriter();
  writer.string(1, document["swagger"]);
  writer.message(2, (info) => {
    const { title, version } = document["info"] as DocumentPart;
    info.string(1, title);
    info.string(2, version);
  });
  writer.message(8, (paths) => named(paths, 2, document["paths"], pathItem));
  writer.message(9, (definitions) => named(definitions, 1, document["definitions"], schema));
  writer.message(10, (parameters) => named(parameters, 1, document["parameters"], parameter));
  for (const requirement of (document["security"] as readonly DocumentPart[] | undefined) ?? []) {
    writer.message(12, (item) => named(item, 1, requirement, (into, scopes) => into.strings(1, scopes)));
  }
  writer.message(13, (schemes) => named(schemes, 1, document["securityDefinitions"], securityScheme));
  return writer.finish();
}

type Write = (into: ProtobufWriter, part: DocumentPart) => void;

/** A map is a list of messages with a name (1) and a value (2). */
function named(writer: ProtobufWriter, number: number, parts: unknown, write: Write): void {
  for (const [name, part] of Object.entries((parts as DocumentPart | undefined) ?? {})) {
    writer.message(number, (entry) => {
      entry.string(1, name);
      entry.message(2, (value) => write(value, part as DocumentPart));
    });
  }
}

function extensions(writer: ProtobufWriter, number: number, part: DocumentPart): void {
  const found = Object.entries(part).filter(([name]) => name.startsWith("x-"));
  named(writer, number, Object.fromEntries(found), any);
}

/** Message Any: only the text, as client-go reads it. */
function any(into: ProtobufWriter, value: unknown): void {
  into.string(2, `${JSON.stringify(value)}\n`);
}

/** In the API key form: the only scheme that is served. */
function securityScheme(into: ProtobufWriter, part: DocumentPart): void {
  into.message(2, (key) => {
    key.string(1, part["type"]);
    key.string(2, part["name"]);
    key.string(3, part["in"]);
    key.string(4, part["description"]);
  });
}

const operationNumbers = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 } as const;

function pathItem(into: ProtobufWriter, part: DocumentPart): void {
  for (const [method, number] of Object.entries(operationNumbers)) {
    const found = part[method] as DocumentPart | undefined;
    if (found !== undefined) into.message(number, (item) => operation(item, found));
  }
  parameterItems(into, 9, part["parameters"]);
}

function operation(into: ProtobufWriter, part: DocumentPart): void {
  into.strings(1, part["tags"]);
  into.string(3, part["description"]);
  into.string(5, part["operationId"]);
  into.strings(6, part["produces"]);
  into.strings(7, part["consumes"]);
  parameterItems(into, 8, part["parameters"]);
  into.message(9, (responses) => named(responses, 1, part["responses"], response));
  into.strings(10, part["schemes"]);
  extensions(into, 13, part);
}

function response(into: ProtobufWriter, part: DocumentPart): void {
  into.message(1, (found) => {
    found.string(1, part["description"]);
    const body = part["schema"] as DocumentPart | undefined;
    if (body !== undefined) found.message(2, (item) => item.message(1, (inner) => schema(inner, body)));
  });
}

function parameterItems(into: ProtobufWriter, number: number, parts: unknown): void {
  for (const part of (parts as readonly DocumentPart[] | undefined) ?? []) {
    into.message(number, (item) => {
      if (part["$ref"] === undefined) item.message(1, (inner) => parameter(inner, part));
      else item.message(2, (inner) => inner.string(1, part["$ref"]));
    });
  }
}

function parameter(into: ProtobufWriter, part: DocumentPart): void {
  if (part["in"] === "body") {
    into.message(1, (body) => {
      body.string(2, part["name"]);
      body.string(3, part["in"]);
      body.boolean(4, part["required"]);
      body.message(5, (inner) => schema(inner, part["schema"] as DocumentPart));
    });
    return;
  }
  const inPath = part["in"] === "path";
  into.message(2, (other) => {
    other.message(inPath ? 4 : 3, (found) => {
      found.boolean(1, part["required"]);
      found.string(2, part["in"]);
      found.string(3, part["description"]);
      found.string(4, part["name"]);
      found.string(inPath ? 5 : 6, part["type"]);
      found.boolean(inPath ? 19 : 20, part["uniqueItems"]);
    });
  });
}

function schema(into: ProtobufWriter, part: DocumentPart): void {
  into.string(1, part["$ref"]);
  into.string(2, part["format"]);
  into.string(4, part["description"]);
  into.strings(19, part["required"]);
  for (const value of (part["enum"] as readonly unknown[] | undefined) ?? []) into.message(20, (item) => any(item, value));
  const values = part["additionalProperties"] as DocumentPart | undefined;
  if (values !== undefined) into.message(21, (item) => item.message(1, (inner) => schema(inner, values)));
  if (part["type"] !== undefined) into.message(22, (item) => item.string(1, part["type"]));
  const items = part["items"] as DocumentPart | undefined;
  if (items !== undefined) into.message(23, (item) => item.message(1, (inner) => schema(inner, items)));
  if (part["properties"] !== undefined) into.message(25, (properties) => named(properties, 1, part["properties"], schema));
  extensions(into, 31, part);
}
