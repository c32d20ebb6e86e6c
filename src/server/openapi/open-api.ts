import type { KindRegistry } from "../../api/registry.ts";
import { apiModel } from "../../api/openapi/api-model.ts";
import type { ApiModel } from "../../api/openapi/api-model.ts";
import { swaggerProtobuf } from "../../api/openapi/protobuf.ts";
import { documentV2 } from "../../api/openapi/v2.ts";
import { documentV3 } from "../../api/openapi/v3.ts";
import type { Schema } from "../../api/schema/schema.ts";
import { sha256 } from "../../base/sha256.ts";
import { encodeText } from "../respond.ts";

/**
 * The documents that describe the API, made when somebody asks and kept as bytes from then on. The hash of each document stands in the
 * index, so telling the index makes every document once; those that nobody asked for are dropped again, and only their hash is kept.
 */
export interface EncodedDocument {
  readonly bytes: Uint8Array;
  /** Equal for equal bytes. */
  readonly hash: string;
}

export type SwaggerForm = "json" | "protobuf";

interface OpenApiParts {
  readonly registry: KindRegistry;
  readonly schema: Schema;
  readonly gitVersion: string;
}

export class OpenApi {
  readonly #parts: OpenApiParts;
  #model: Promise<ApiModel> | undefined;
  #index: Promise<EncodedDocument> | undefined;
  readonly #hashes = new Map<string, string>();
  readonly #documents = new Map<string, EncodedDocument>();
  readonly #swagger = new Map<SwaggerForm, EncodedDocument>();

  constructor(parts: OpenApiParts) {
    this.#parts = parts;
  }

  /** The list of v3 documents. */
  index(): Promise<EncodedDocument> {
    this.#index ??= this.#makeIndex();
    return this.#index;
  }

  /** A v3 document by the name that it has in the index; undefined when there is none. */
  async document(name: string): Promise<EncodedDocument | undefined> {
    const standing = this.#documents.get(name);
    if (standing !== undefined) return standing;
    const text = v3Text(await this.#loaded(), name);
    if (text === undefined) return undefined;
    const made = encoded(encodeText(text), this.#hashOf(name, text));
    this.#documents.set(name, made);
    return made;
  }

  /** The one v2 document. */
  async swagger(form: SwaggerForm): Promise<EncodedDocument> {
    const standing = this.#swagger.get(form);
    if (standing !== undefined) return standing;
    const document = documentV2(await this.#loaded());
    const hash = hashOf(JSON.stringify(document));
    const made = encoded(form === "json" ? encodeText(JSON.stringify(document)) : swaggerProtobuf(document), hash);
    this.#swagger.set(form, made);
    return made;
  }

  async #makeIndex(): Promise<EncodedDocument> {
    const model = await this.#loaded();
    const paths: { [name: string]: { serverRelativeURL: string } } = {};
    for (const name of model.documents) {
      const hash = this.#hashes.get(name) ?? this.#hashOf(name, v3Text(model, name) ?? "");
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    }
    const text = JSON.stringify({ paths });
    return encoded(encodeText(text), hashOf(text));
  }

  #hashOf(name: string, text: string): string {
    const standing = this.#hashes.get(name);
    if (standing !== undefined) return standing;
    const made = hashOf(text);
    this.#hashes.set(name, made);
    return made;
  }

  /** The texts come with the first request: no cluster loads them to start. */
  #loaded(): Promise<ApiModel> {
    this.#model ??= import("../../api/descriptions/texts.ts").then(({ texts }) => apiModel({ ...this.#parts, texts }));
    return this.#model;
  }
}

function v3Text(model: ApiModel, name: string): string | undefined {
  const document = documentV3(model, name);
  return document === undefined ? undefined : JSON.stringify(document);
}

function encoded(bytes: Uint8Array, hash: string): EncodedDocument {
  return { bytes, hash };
}

function hashOf(text: string): string {
  return [...sha256(text)].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("");
}
