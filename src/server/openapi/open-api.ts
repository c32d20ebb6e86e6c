import type { DocumentPart } from "../../api/openapi/dialect.ts";
import type { KindRegistry } from "../../api/registry.ts";
import type { Schema } from "../../api/schema/schema.ts";
import type { Runner } from "../../base/environment.ts";
import { sha256 } from "../../base/sha256.ts";
import { encodeText } from "../respond.ts";

/**
 * The documents that describe the API, made when somebody asks and kept as bytes from then on. The hash of each document stands in the
 * index, so telling the index makes every document once; those that nobody asked for are dropped again, and only their hash is kept.
 * The work is cut into turns of the runner, so that a server goes on serving meanwhile.
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
  readonly runner: Runner;
}

/** What is loaded when the first document is asked for. */
interface Makers {
  readonly names: readonly string[];
  v2(): DocumentPart;
  v3(name: string): DocumentPart | undefined;
  protobuf(document: DocumentPart): Uint8Array;
}

export class OpenApi {
  readonly #parts: OpenApiParts;
  #loading: Promise<Makers> | undefined;
  #index: Promise<EncodedDocument> | undefined;
  readonly #documents = new Map<string, Promise<EncodedDocument>>();
  readonly #swagger = new Map<SwaggerForm, Promise<EncodedDocument>>();

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
    const makers = await this.#loaded();
    if (!makers.names.includes(name)) return undefined;
    return kept(this.#documents, name, async () => {
      const { text, hash } = await this.#make(() => makers.v3(name));
      return { bytes: encodeText(text), hash };
    });
  }

  /** The one v2 document. */
  swagger(form: SwaggerForm): Promise<EncodedDocument> {
    return kept(this.#swagger, form, async () => {
      const makers = await this.#loaded();
      await this.#turn();
      const document = makers.v2();
      await this.#turn();
      const text = JSON.stringify(document);
      const hash = hashOf(text);
      await this.#turn();
      return { bytes: form === "json" ? encodeText(text) : makers.protobuf(document), hash };
    });
  }

  async #makeIndex(): Promise<EncodedDocument> {
    const makers = await this.#loaded();
    const paths: { [name: string]: { serverRelativeURL: string } } = {};
    for (const name of makers.names) {
      const { hash } = (await this.#documents.get(name)) ?? (await this.#make(() => makers.v3(name)));
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    }
    const text = JSON.stringify({ paths });
    return { bytes: encodeText(text), hash: hashOf(text) };
  }

  async #make(document: () => object | undefined): Promise<{ text: string; hash: string }> {
    await this.#turn();
    const text = JSON.stringify(document());
    await this.#turn();
    return { text, hash: hashOf(text) };
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#parts.runner.post(resolve));
  }

  /** Texts and builders come with the first request: no cluster loads them to start. */
  #loaded(): Promise<Makers> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Makers> {
    const release = this.#parts.runner.hold();
    try {
      const { apiModel, documentV2, documentV3, swaggerProtobuf, texts } = await import("../../api/openapi/documents.ts");
      const model = apiModel({ ...this.#parts, texts });
      return { names: model.documents, v2: () => documentV2(model), v3: (name) => documentV3(model, name), protobuf: swaggerProtobuf };
    } finally {
      release();
    }
  }
}

function kept<K>(documents: Map<K, Promise<EncodedDocument>>, name: K, make: () => Promise<EncodedDocument>): Promise<EncodedDocument> {
  const standing = documents.get(name);
  if (standing !== undefined) return standing;
  const made = make();
  documents.set(name, made);
  return made;
}

function hashOf(text: string): string {
  return [...sha256(text)].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("");
}
