import type { DocumentPart } from "./dialect.ts";
import { ProtobufWriter } from "../protobuf/protobuf-writer.ts";

/**
 * The Swagger 2.0 document in protobuf, message `openapi.v2.Document` of gnostic's OpenAPIv2.proto: the only form in which client-go
 * asks for it. What stands under `x-` and the values of enums are YAML texts in it; JSON is YAML.
 */
export function swaggerProtobuf(document: DocumentPart): Uint8Array {
  const writer = new ProtobufWriter(1 << 20);
  writer.string(1, document["swagger"]);
  writer.message(2, () => {
    const { title, version } = document["info"] as DocumentPart;
    writer.string(1, title);
    writer.string(2, version);
  });
  writer.message(8, () => named(writer, 2, document["paths"], pathItem));
  writer.message(9, () => named(writer, 1, document["definitions"], schema));
  writer.message(10, () => named(writer, 1, document["parameters"], parameter));
  for (const requirement of (document["security"] as readonly DocumentPart[] | undefined) ?? []) {
    writer.message(12, () => named(writer, 1, requirement, (into, scopes) => into.strings(1, scopes)));
  }
  writer.message(13, () => named(writer, 1, document["securityDefinitions"], securityScheme));
  return writer.finish();
}

type Write = (into: ProtobufWriter, part: DocumentPart) => void;

/** A map is a list of messages with a name (1) and a value (2). */
function named(into: ProtobufWriter, number: number, parts: unknown, write: Write): void {
  for (const [name, part] of Object.entries((parts as DocumentPart | undefined) ?? {})) {
    into.message(number, () => {
      into.string(1, name);
      into.message(2, () => write(into, part as DocumentPart));
    });
  }
}

function extensions(into: ProtobufWriter, number: number, part: DocumentPart): void {
  const found = Object.entries(part).filter(([name]) => name.startsWith("x-"));
  if (found.length > 0) named(into, number, Object.fromEntries(found), any);
}

/** Message Any: only the text, as client-go reads it. */
function any(into: ProtobufWriter, value: unknown): void {
  into.string(2, `${JSON.stringify(value)}\n`);
}

/** In the API key form: the only scheme that is served. */
function securityScheme(into: ProtobufWriter, part: DocumentPart): void {
  into.message(2, () => {
    into.string(1, part["type"]);
    into.string(2, part["name"]);
    into.string(3, part["in"]);
    into.string(4, part["description"]);
  });
}

const operationNumbers = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 } as const;

function pathItem(into: ProtobufWriter, part: DocumentPart): void {
  for (const [method, number] of Object.entries(operationNumbers)) {
    const found = part[method] as DocumentPart | undefined;
    if (found !== undefined) into.message(number, () => operation(into, found));
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
  into.message(9, () => named(into, 1, part["responses"], response));
  into.strings(10, part["schemes"]);
  extensions(into, 13, part);
}

function response(into: ProtobufWriter, part: DocumentPart): void {
  into.message(1, () => {
    into.string(1, part["description"]);
    const body = part["schema"] as DocumentPart | undefined;
    if (body !== undefined) into.message(2, () => into.message(1, () => schema(into, body)));
  });
}

function parameterItems(into: ProtobufWriter, number: number, parts: unknown): void {
  for (const part of (parts as readonly DocumentPart[] | undefined) ?? []) {
    into.message(number, () => {
      if (part["$ref"] === undefined) into.message(1, () => parameter(into, part));
      else into.message(2, () => into.string(1, part["$ref"]));
    });
  }
}

function parameter(into: ProtobufWriter, part: DocumentPart): void {
  if (part["in"] === "body") {
    into.message(1, () => {
      into.string(2, part["name"]);
      into.string(3, part["in"]);
      into.boolean(4, part["required"]);
      into.message(5, () => schema(into, part["schema"] as DocumentPart));
    });
    return;
  }
  const inPath = part["in"] === "path";
  into.message(2, () => {
    into.message(inPath ? 4 : 3, () => {
      into.boolean(1, part["required"]);
      into.string(2, part["in"]);
      into.string(3, part["description"]);
      into.string(4, part["name"]);
      into.string(inPath ? 5 : 6, part["type"]);
      into.boolean(inPath ? 19 : 20, part["uniqueItems"]);
    });
  });
}

function schema(into: ProtobufWriter, part: DocumentPart): void {
  into.string(1, part["$ref"]);
  into.string(2, part["format"]);
  into.string(4, part["description"]);
  into.strings(19, part["required"]);
  for (const value of (part["enum"] as readonly unknown[] | undefined) ?? []) into.message(20, () => any(into, value));
  const values = part["additionalProperties"] as DocumentPart | undefined;
  if (values !== undefined) into.message(21, () => into.message(1, () => schema(into, values)));
  if (part["type"] !== undefined) into.message(22, () => into.string(1, part["type"]));
  const items = part["items"] as DocumentPart | undefined;
  if (items !== undefined) into.message(23, () => into.message(1, () => schema(into, items)));
  if (part["properties"] !== undefined) into.message(25, () => named(into, 1, part["properties"], schema));
  extensions(into, 31, part);
}
