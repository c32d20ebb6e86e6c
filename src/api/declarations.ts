/** Every declared kind and every conversion. Adding a kind is a file of its own and a line here. */
import type { KindConversion } from "./conversion.ts";
import type { KindDeclaration } from "./declaration.ts";
import type { KubeObject } from "./kind-ref.ts";

/** The declarations of all kinds; a kind without one behaves as kinds do by default. */
export function allDeclarations(): readonly KindDeclaration[] {
  return [];
}

/** The versions that are not stored in their own form. */
export function allConversions(): readonly KindConversion[] {
  return [];
}

/** Forgets which kind a declaration is for: the server only ever hands it objects of that kind. */
export function untyped<T extends KubeObject>(declaration: KindDeclaration<T>): KindDeclaration {
  return declaration as unknown as KindDeclaration;
}
