/** Event of `events.k8s.io/v1`: the same stored object as core/v1's, under newer names and with stricter rules for new Events. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { KindConversion } from "../conversion.ts";
import { checkRegarding, eventCells, eventColumns } from "../core/event.ts";
import type { KindDeclaration } from "../declaration.ts";
import { events, eventsV1 } from "../kinds.ts";
import type { Event as CoreEvent } from "../types/core-v1.ts";
import type { Event } from "../types/events-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { invalid, pushProblems, required } from "../validation/errors.ts";
import { qualifiedNameProblems } from "../validation/names.ts";

const textMax = 128;
const noteMax = 1024;

export const eventsEvent: KindDeclaration<Event> = {
  ref: eventsV1,
  allowCreateOnUpdate: true,
  validate(object) {
    const errors: FieldError[] = [];
    // Here an object elsewhere is no mistake, only none at all.
    if ((object.regarding?.namespace ?? "") === "") errors.push(...checkRegarding(toStored(object)));
    if (object.eventTime === undefined || object.eventTime === null) errors.push(required("eventTime"));
    checkSeries(object, errors);
    checkReporter(object, errors);
    checkText("action", object.action, errors);
    checkText("reason", object.reason, errors);
    if (byteLength(object.note ?? "") > noteMax) errors.push(invalid("message", "", `can have at most ${noteMax} characters`));
    if (object.type !== "Normal" && object.type !== "Warning") errors.push(invalid("type", "", `has invalid value: ${object.type ?? ""}`));
    return errors;
  },
  table: { columns: eventColumns, cells: (object, context) => eventCells(toStored(object), context) },
};

function checkSeries(object: Event, errors: FieldError[]): void {
  if (object.series === undefined) return;
  if ((object.series.count ?? 0) < 2) errors.push(invalid("series.count", "", "should be at least 2"));
  if (object.series.lastObservedTime === undefined) errors.push(required("series.lastObservedTime"));
}

function checkReporter(object: Event, errors: FieldError[]): void {
  const controller = object.reportingController ?? "";
  if (controller === "") errors.push(required("reportingController"));
  pushProblems(errors, "reportingController", controller, qualifiedNameProblems(controller));
  checkText("reportingInstance", object.reportingInstance, errors);
}

function checkText(field: string, value: string | undefined, errors: FieldError[]): void {
  if ((value ?? "") === "") errors.push(required(field));
  else if (byteLength(value as string) > textMax) errors.push(invalid(field, "", `can have at most ${textMax} characters`));
}

/** Names that differ between the two forms: [events.k8s.io/v1, core/v1]. */
const names: readonly (readonly [keyof Event, keyof CoreEvent])[] = [
  ["metadata", "metadata"],
  ["eventTime", "eventTime"],
  ["series", "series"],
  ["reportingController", "reportingComponent"],
  ["reportingInstance", "reportingInstance"],
  ["action", "action"],
  ["reason", "reason"],
  ["regarding", "involvedObject"],
  ["related", "related"],
  ["note", "message"],
  ["type", "type"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
];

function toStored(object: Event | Draft<Event>): CoreEvent {
  const stored: { [key: string]: unknown } = { kind: events.kind, apiVersion: events.apiVersion };
  for (const [served, core] of names) if (object[served] !== undefined) stored[core] = object[served];
  return { involvedObject: {}, source: {}, reportingComponent: "", reportingInstance: "", ...stored } as unknown as CoreEvent;
}

function toServed(object: CoreEvent): Draft<Event> {
  const shown: { [key: string]: unknown } = { kind: eventsV1.kind, apiVersion: eventsV1.apiVersion };
  for (const [served, core] of names) if (object[core] !== undefined && object[core] !== "") shown[served] = object[core];
  return shown as unknown as Draft<Event>;
}

export const eventConversion: KindConversion<Event, CoreEvent> = {
  served: eventsV1,
  stored: events,
  toStored: (draft) => toStored(draft) as Draft<CoreEvent>,
  toServed,
  storedPath,
};

/** Fields that an Event can be selected by have the names of this form here, those of the stored one there. */
function storedPath(path: string): string | undefined {
  if (path.startsWith("involvedObject.") || path === "reportingComponent") return undefined;
  return path === "reportingController" ? "reportingComponent" : path.replace(/^regarding\./, "involvedObject.");
}
