/** Clock: where the cluster's time stands and where it shall go. */
import type { FieldError } from "../../base/field-error.ts";
import { parseTime } from "../../base/time.ts";
import type { KindDeclaration } from "../declaration.ts";
import { age, columns } from "../table.ts";
import { invalid } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";
import { clocks } from "./facts.ts";
import type { Clock } from "./types.ts";

const theOne = "cluster";
const spec = FieldPath.of("spec");

export const clock: KindDeclaration<Clock> = {
  ref: clocks,
  nameErrors: (name) => (name === theOne ? [] : [`must be '${theOne}': a cluster has one clock`]),
  validate(object) {
    const errors: FieldError[] = [];
    const { at, speed } = object.spec;
    if (at !== undefined && parseTime(at) === undefined) errors.push(invalid(spec.child("at"), at, "must be a time such as 2026-01-01T00:00:00Z"));
    if (speed !== undefined && (speed < 0 || !Number.isFinite(speed))) errors.push(invalid(spec.child("speed"), speed, "must be greater than or equal to 0"));
    return errors;
  },
  validateUpdate(object, old) {
    const { at } = object.spec;
    const now = parseTime(old.status?.now ?? "");
    const wanted = parseTime(at ?? "");
    if (at === old.spec.at || now === undefined || wanted === undefined || wanted >= now) return [];
    return [invalid(spec.child("at"), at, `time does not go backwards: it is ${old.status.now}`)];
  },
  table: {
    columns: columns("Name", "Now", "At", "Speed", "Paused:boolean", "Age"),
    cells: (object, context) => [
      object.metadata.name,
      object.status?.now ?? "<unknown>",
      object.spec.at ?? "<none>",
      String(object.spec.speed ?? 0),
      object.spec.paused ?? false,
      age(object, context),
    ],
  },
};
