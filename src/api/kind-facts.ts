/**
 * The facts about served kinds as `kinds.json` states them: names, scope, verbs, subresources. Facts hold for every host and
 * never change at run time; what a kind *does* stands in its declaration.
 */
import { kindsText } from "./data/kinds-text.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

export interface SubresourceFacts {
  readonly name: string;
  readonly verbs: readonly Verb[];
  /** The kind of its body (with group and version when not the parent's). Absent: the parent's kind. */
  readonly kind?: string;
  readonly group?: string;
  readonly version?: string;
  /** The kind of its query parameters. */
  readonly options?: string;
  /** An upgraded or proxied connection; `kind` is then that of its query parameters. */
  readonly connect?: boolean;
  /** A path may follow. */
  readonly path?: boolean;
  /** Answers plain text. */
  readonly text?: boolean;
}

export interface KindFacts {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Absent for kinds that cannot be listed (reviews, Binding). */
  readonly list?: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly stage: "ga" | "beta" | "alpha";
  readonly served: "default" | "optional" | "addon";
  readonly introduced?: string;
  readonly deprecated?: string;
  readonly removed?: string;
  /** Name of the type in the schema, and of its list. */
  readonly type: string;
  readonly listType?: string;
  readonly subresources?: readonly SubresourceFacts[];
}

/** An API group as discovery shows it: the preferred version first. */
export interface GroupFacts {
  readonly name: string;
  readonly versions: readonly string[];
}

export interface Facts {
  readonly groups: readonly GroupFacts[];
  /** In discovery order: by group, then version, then plural. */
  readonly kinds: readonly KindFacts[];
}

/** The facts of the release. */
export const releaseFacts = JSON.parse(kindsText) as Facts;

/** "v1" or "group/version", as objects spell it. */
export function apiVersionOf(facts: { readonly group: string; readonly version: string }): string {
  return facts.group === "" ? facts.version : `${facts.group}/${facts.version}`;
}
