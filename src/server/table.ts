import type { TableDeclaration } from "../api/declaration.ts";
import { age, columns, defaultTable } from "../api/table.ts";
import type { Scale } from "../api/types/autoscaling-v1.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import { badRequest } from "../base/status-error.ts";
import type { ResourceCall } from "./context.ts";
import { partialMetadata } from "./partial-metadata.ts";

/** Tables: what `kubectl get` prints. Columns and cells are the kind's; rows carry as much of the object as `includeObject` says. */
export interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface Table {
  readonly kind: "Table";
  readonly apiVersion: "meta.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly columnDefinitions: readonly unknown[] | null;
  readonly rows: readonly unknown[];
}

/** `columns: false` leaves the definitions out, as the events of a watch after the first do. Throws 400 for a wrong includeObject. */
export function tableOf(call: ResourceCall, objects: readonly KubeObject[], metadata: ListMeta, options: { columns: boolean } = { columns: true }): Table {
  const declared = tableFor(call, objects[0]);
  const context = { now: call.server.environment.clock.now() };
  const include = call.query.get("includeObject") ?? "";
  const carried = carrier(include);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: options.columns
      ? declared.columns.map(({ name, type, format, description, priority }) => ({ name, type, format, description, priority }))
      : null,
    rows: objects.map((object) => ({ cells: declared.cells(object as never, context), object: carried(object) })),
  };
}

/** The columns of the kind; those of another one where a subresource speaks it. */
function tableFor({ kind }: ResourceCall, object: KubeObject | undefined): TableDeclaration<never> {
  if (object?.kind === "Scale" && kind.facts.kind !== "Scale") return scaleTable;
  return kind.declaration?.table ?? defaultTable;
}

const scaleTable: TableDeclaration<Scale & KubeObject> = {
  columns: columns("Name", "Desired:integer", "Available:integer", "Age"),
  cells: (scale, context) => [scale.metadata.name, scale.spec?.replicas ?? 0, scale.status?.replicas ?? 0, age(scale, context)],
};

function carrier(include: string): (object: KubeObject) => unknown {
  switch (include) {
    case "":
    case "Metadata":
      return partialMetadata;
    case "Object":
      return (object) => object;
    case "None":
      return () => null;
    default:
      throw badRequest(`Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(include)}: must be 'Metadata', 'Object', 'None', or empty`);
  }
}
