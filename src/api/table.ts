/**
 * What the Table cells of many kinds are made of. Cells hold what upstream's server prints, always in the wide form: the
 * client drops the columns whose priority is above zero.
 */
import { shortDuration } from "../base/duration.ts";
import { parseTime } from "../base/time.ts";
import type { TableColumn, TableContext, TableDeclaration } from "./declaration.ts";
import type { KubeObject } from "./kind-ref.ts";
import type { PodSpec } from "./types/core-v1.ts";

/**
 * Columns from their names, in a short form: `Desired:integer` gives a type, a final `*` makes the column one of the wide
 * output. The column `Name` has the format `name`.
 */
export function columns(...forms: readonly string[]): readonly TableColumn[] {
  return forms.map((form) => {
    const wide = form.endsWith("*");
    const colon = form.indexOf(":");
    const name = form.slice(0, colon >= 0 ? colon : wide ? -1 : undefined);
    const type = colon >= 0 ? form.slice(colon + 1, wide ? -1 : undefined) : "string";
    return { name, type: type as TableColumn["type"], format: name === "Name" ? "name" : "", priority: wide ? 1 : 0, description: "" };
  });
}

/** What upstream prints for a kind without columns of its own. */
export const defaultTable: TableDeclaration<KubeObject> = {
  columns: columns("Name", "Created At:date"),
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp],
};

/** The time since an instant, as ages are written. */
export function since(time: string | undefined, context: TableContext): string {
  const instant = time === undefined ? undefined : parseTime(time);
  return instant === undefined ? "<unknown>" : shortDuration(context.now - instant);
}

export function age(object: KubeObject, context: TableContext): string {
  return since(object.metadata.creationTimestamp, context);
}

/** The cells CONTAINERS and IMAGES. */
export function containerCells(spec: PodSpec | undefined): [string, string] {
  const containers = spec?.containers ?? [];
  return [containers.map(({ name }) => name).join(","), containers.map(({ image }) => image ?? "").join(",")];
}

/** The first `shown` items, and how many more there are. */
export function firstOf(items: readonly string[], options: { shown: number; none: string }): string {
  if (items.length === 0) return options.none;
  const text = items.slice(0, options.shown).join(",");
  return items.length > options.shown ? `${text} + ${items.length - options.shown} more...` : text;
}
