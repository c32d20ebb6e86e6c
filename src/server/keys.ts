import type { Kind } from "../api/registry.ts";

/** Where objects stand in the store: `<plural>.<group>/<namespace>/<name>`, the group "" giving `pods/…`. */
export function tableKey(kind: Kind): string {
  const { group, plural } = kind.storage.facts;
  return group === "" ? plural : `${plural}.${group}`;
}

export function prefixOf(kind: Kind, namespace: string): string {
  return namespace === "" ? `${tableKey(kind)}/` : `${tableKey(kind)}/${namespace}/`;
}

export function keyOf(kind: Kind, namespace: string, name: string): string {
  return namespace === "" ? `${tableKey(kind)}/${name}` : `${tableKey(kind)}/${namespace}/${name}`;
}
