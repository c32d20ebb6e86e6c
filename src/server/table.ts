import { defaultTable } from "../api/table.ts";
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
  const declared = call.kind.declaration?.table ?? defaultTable;
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
