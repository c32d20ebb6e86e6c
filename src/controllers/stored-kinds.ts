import { KindRegistry } from "../api/registry.ts";
import type { KindFacts } from "../api/kind-facts.ts";
import type { KindRef } from "../api/kind-ref.ts";

/** A kind whose objects exist in their own right: stored in this form, listed, watched and deleted. */
export interface StoredKind {
  readonly ref: KindRef;
  readonly facts: KindFacts;
}

/** The kinds of the release. A registry never changes, so the controllers of all clusters share this one. */
export const releaseKinds = KindRegistry.default();

/**
 * Every such kind, in discovery order. A kind served in two versions appears once, in the form in which it is stored; reviews and
 * other kinds that only answer questions do not appear.
 */
export function storedKinds(registry: KindRegistry = releaseKinds): readonly StoredKind[] {
  return registry.all().filter((kind) => kind.storage === kind && ["list", "watch", "delete"].every((verb) => (kind.facts.verbs as readonly string[]).includes(verb)));
}
