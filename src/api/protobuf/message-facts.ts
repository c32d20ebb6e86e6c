/** Which message stands for a kind, and what its fields are. Reading the schema takes its time: made when the first message is asked for. */
import { SchemaFacts } from "../schema/schema-facts.ts";
import type { FieldFacts } from "../schema/schema-facts.ts";

/** "k8s" and a zero byte, then a `runtime.Unknown`. */
export const magic: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

const packages: readonly string[] = ["io.k8s.api", "io.k8s.apiextensions-apiserver.pkg.apis", "io.k8s.kube-aggregator.pkg.apis", "io.k8s.metrics.pkg.apis"];

export class MessageFacts {
  #facts: SchemaFacts | undefined;
  readonly #fields = new Map<string, readonly FieldFacts[]>();

  /** `batch/v1` and `Job` are `io.k8s.api.batch.v1.Job`; what every group has (DeleteOptions, Status) stands in meta/v1. */
  typeOf(apiVersion: string, kind: string): string | undefined {
    const [group = "", version = ""] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
    const folder = group === "internal.apiserver.k8s.io" ? "apiserverinternal" : (group.split(".")[0] ?? "");
    const candidates = [...packages.map((name) => `${name}.${folder}.${version}.${kind}`), `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`];
    return candidates.find((name) => this.facts.has(name));
  }

  /** Those that a message has, in the order of their numbers. */
  fieldsOf(type: string): readonly FieldFacts[] {
    let fields = this.#fields.get(type);
    if (fields === undefined) {
      fields = (this.facts.type(type)?.fields ?? []).filter(({ pb }) => pb !== undefined).sort((a, b) => (a.pb ?? 0) - (b.pb ?? 0));
      this.#fields.set(type, fields);
    }
    return fields;
  }

  private get facts(): SchemaFacts {
    return (this.#facts ??= new SchemaFacts());
  }
}
