/** Event: something that happened to an object. Stored in this form; `events.k8s.io/v1` is made from it (see ../events/event.ts). */
import type { FieldError } from "../../base/field-error.ts";
import { shortDuration } from "../../base/duration.ts";
import { parseTime } from "../../base/time.ts";
import type { KindDeclaration, TableContext } from "../declaration.ts";
import { events } from "../kinds.ts";
import { columns } from "../table.ts";
import type { TableColumn } from "../declaration.ts";
import type { Event } from "../types/core-v1.ts";
import { invalid } from "../validation/errors.ts";

export const eventColumns: readonly TableColumn[] = columns(
  "Last Seen",
  "Type",
  "Reason",
  "Object",
  "Subobject*",
  "Source*",
  "Message",
  "First Seen*",
  "Count*",
  "Name*",
);

export const event: KindDeclaration<Event> = {
  ref: events,
  nameErrors: () => [],
  allowCreateOnUpdate: true,
  validate: (object) => checkRegarding(object),
  selectableFields: {
    "involvedObject.kind": (object) => object.involvedObject.kind ?? "",
    "involvedObject.namespace": (object) => object.involvedObject.namespace ?? "",
    "involvedObject.name": (object) => object.involvedObject.name ?? "",
    "involvedObject.uid": (object) => object.involvedObject.uid ?? "",
    "involvedObject.apiVersion": (object) => object.involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": (object) => object.involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": (object) => object.involvedObject.fieldPath ?? "",
    reason: (object) => object.reason ?? "",
    reportingComponent: (object) => object.reportingComponent ?? "",
    source: (object) => object.source.component || (object.reportingComponent ?? ""),
    type: (object) => object.type ?? "",
  },
  table: { columns: eventColumns, cells: eventCells },
};

/** An Event lives where its object does; those of cluster-scoped objects in `default`. */
export function checkRegarding(object: Event): FieldError[] {
  const namespace = object.metadata.namespace ?? "";
  const regarding = object.involvedObject.namespace ?? "";
  const fits = regarding === "" ? namespace === "" || namespace === "default" : namespace === regarding;
  return fits ? [] : [invalid("involvedObject.namespace", regarding, "does not match event.namespace")];
}

export function eventCells(object: Event, context: TableContext): (string | number)[] {
  const ageOf = (time: string | undefined): string | undefined => {
    const instant = time === undefined ? undefined : parseTime(time);
    return instant === undefined ? undefined : shortDuration(context.now - instant);
  };
  const first = ageOf(object.firstTimestamp) ?? ageOf(object.eventTime) ?? "<unknown>";
  const last = object.series === undefined ? (ageOf(object.lastTimestamp) ?? first) : (ageOf(object.series.lastObservedTime) ?? "<unknown>");
  const count = object.series === undefined ? object.count || 1 : (object.series.count ?? 0);
  const { kind = "", name = "", fieldPath = "" } = object.involvedObject;
  const target = name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
  const component = object.source.component || (object.reportingComponent ?? "");
  const host = object.source.host || (object.reportingInstance ?? "");
  const source = host === "" ? component : `${component}, ${host}`;
  return [last, object.type ?? "", object.reason ?? "", target, fieldPath, source, (object.message ?? "").trim(), first, count, object.metadata.name];
}
