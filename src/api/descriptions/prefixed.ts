import type { TextTable } from "../openapi/texts.ts";

/** A table whose type names are written without the part that all of them begin with. */
export function prefixed(prefix: string, table: TextTable): TextTable {
  return Object.fromEntries(Object.entries(table).map(([name, fields]) => [prefix + name, fields]));
}
