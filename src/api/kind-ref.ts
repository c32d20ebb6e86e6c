import type { ObjectMeta } from "./types/meta-v1.ts";

/** What every API object has. Deeply readonly: to change one, build the next one. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/**
 * Names a kind and the path under which it is served; carries the TypeScript type of its objects. `src/api/kinds.ts` has one
 * for each kind served by default (`pods`, `daemonSets`, …); custom resources make theirs at run time.
 */
export interface KindRef<T extends KubeObject = KubeObject> {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** "v1" or "group/version", as objects spell it. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never set: binds T for inference. */
  readonly objectType?: T;
}

/** Names one object. `namespace` is absent for cluster-scoped kinds. */
export interface ObjectName {
  readonly namespace?: string | undefined;
  readonly name: string;
}
