import type { Draft } from "../base/json.ts";
import type { FieldError } from "../base/field-error.ts";
import type { KindRef, KubeObject } from "./kind-ref.ts";

/**
 * A kind is declared once, in one file: what kinds.json and the schema do not say about it. Every hook is pure. A hook that
 * takes a draft may change it in place: the draft has just been decoded or copied and nobody else holds it. Hooks that are
 * absent mean "as for every kind".
 */
export interface KindDeclaration<T extends KubeObject = KubeObject> {
  readonly ref: KindRef<T>;
  /** Fills in what the client left out, in upstream's way. Idempotent. Runs after decoding, also on the result of a patch. */
  readonly defaults?: (draft: Draft<T>) => void;
  /** Before validation of a create: what a client may not set (status, …) is dropped. */
  readonly prepareCreate?: (draft: Draft<T>) => void;
  /** Before validation of an update of the main resource. The server has already put back uid, creationTimestamp, generation and status. */
  readonly prepareUpdate?: (draft: Draft<T>, old: T) => void;
  /** Order of errors as upstream's, metadata first. ObjectMeta itself is validated by the server through `name`. */
  readonly validate?: (object: T) => FieldError[];
  /** Only what an update adds: immutable fields and allowed transitions; `validate` of the new object runs too where `validateOnUpdate` is not false. */
  readonly validateUpdate?: (object: T, old: T) => FieldError[];
  /** False: `validateUpdate` alone judges an update (Pods). */
  readonly validateOnUpdate?: boolean;
  /** What an update of /status may change, and its validation. Absent: status alone (and metadata as upstream's default strategy keeps it). */
  readonly status?: {
    readonly prepare?: (draft: Draft<T>, old: T, now: number) => void;
    readonly validate?: (object: T, old: T) => FieldError[];
  };
  /** How a name is judged: the text of what is wrong, or none. `prefix`: it is a generateName. Default: RFC 1123 subdomain. */
  readonly nameErrors?: (name: string, prefix: boolean) => string[];
  /** Whether generation rises with this update. Default: when spec changed, for kinds with a status subresource. */
  readonly generationRises?: (object: T, old: T) => boolean;
  /** Kinds whose objects carry a generation of 1 from creation. Default: those with a spec and a status subresource. */
  readonly hasGeneration?: boolean;
  /** Field selectors beside metadata.name and metadata.namespace; a value as upstream prints it ("" and "false" when absent). */
  readonly selectableFields?: { readonly [path: string]: (object: T) => string };
  /** Columns of Table output beside none: NAME is column one, AGE is not implied. Absent: NAME and AGE (as upstream's default). */
  readonly table?: TableDeclaration<T>;
  /** Upstream names what may not change before what is wrong in itself. Default: after. */
  readonly changesFirst?: boolean;
  /** Every answer about this kind carries this Warning. */
  readonly deprecated?: string;
  /** Texts for Warning headers. */
  readonly warnings?: (object: T, old?: T) => string[];
  /** Graceful deletion: seconds of grace for this object and these options; absent or 0: removed at once. */
  readonly gracePeriodSeconds?: (object: T, asked: number | undefined) => number;
  /** PUT without resourceVersion is unconditional; false for Leases and custom resources. Default true. */
  readonly allowUnconditionalUpdate?: boolean;
  /** A PUT on a missing name creates it (Leases and some others upstream). Default false. */
  readonly allowCreateOnUpdate?: boolean;
  /** The propagation policy when the client names none. Default background; Jobs orphan, with the warning. */
  readonly defaultPropagation?: "Background" | "Orphan" | "Foreground";
}

export interface TableColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date" | "boolean" | "number";
  readonly format: string;
  readonly priority: number;
  readonly description: string;
}

export interface TableDeclaration<T extends KubeObject> {
  readonly columns: readonly TableColumn[];
  /** One cell per column. `now` is the cluster's time, for ages that the server prints. */
  readonly cells: (object: T, context: TableContext) => (string | number | boolean | null)[];
  /** The order of rows differs from that of the objects (none upstream, except by the client). */
}

export interface TableContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
}
