/**
 * One object that is served in two versions is stored in one form. The kind's file says how the other form is made from the
 * stored one and back; both directions are pure and lose nothing that the other version can say.
 */
import type { Draft } from "../base/json.ts";
import type { KindRef, KubeObject } from "./kind-ref.ts";

export interface KindConversion<Served extends KubeObject = KubeObject, Stored extends KubeObject = KubeObject> {
  /** The version that this conversion serves. */
  readonly served: KindRef<Served>;
  /** The version whose form is stored. */
  readonly stored: KindRef<Stored>;
  /** Takes over the draft. */
  readonly toStored: (draft: Draft<Served>) => Draft<Stored>;
  readonly toServed: (object: Stored) => Draft<Served>;
  /** The stored form's name for a field of a selector; undefined: the served form has no such field. Default: the same. */
  readonly storedPath?: (path: string) => string | undefined;
}
