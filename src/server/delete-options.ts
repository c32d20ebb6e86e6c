import type { FieldError } from "../base/field-error.ts";
import type { JsonObject } from "../base/json.ts";
import { badRequest } from "../base/status-error.ts";
import { JsonSyntaxError, decodeJsonText } from "../api/schema/json-text.ts";
import { bodyBytes } from "./body.ts";
import type { ResourceCall } from "./context.ts";
import { invalidOptions } from "./errors.ts";
import { fieldError } from "./option-errors.ts";
import { isTrue } from "./request-info.ts";
import { checkDryRun, integerParameter } from "./write-options.ts";

/** How an object is to be deleted, from the body, or from the query where there is none. */
export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: "Orphan" | "Background" | "Foreground" | undefined;
  readonly dryRun: boolean;
}

export function deleteOptions(call: ResourceCall): DeleteOptions {
  return optionsFrom(fromBody(call) ?? fromQuery(call));
}

/** Options as a body writes them. Throws 422 when they contradict themselves. */
export function optionsFrom(raw: JsonObject): DeleteOptions {
  const errors: FieldError[] = [];
  const policy = raw["propagationPolicy"] as string | undefined;
  const orphan = raw["orphanDependents"] as boolean | undefined;
  const dryRun = (raw["dryRun"] as readonly string[] | undefined) ?? [];
  if (orphan !== undefined && policy !== undefined) {
    const message = `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`;
    errors.push(fieldError("FieldValueInvalid", "propagationPolicy", message));
  }
  if (policy !== undefined && !["Foreground", "Background", "Orphan"].includes(policy)) {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    errors.push(fieldError("FieldValueNotSupported", "propagationPolicy", message));
  }
  checkDryRun(dryRun, errors);
  if (errors.length > 0) throw invalidOptions("DeleteOptions", errors);
  const preconditions = raw["preconditions"] as { uid?: string; resourceVersion?: string } | undefined;
  const grace = raw["gracePeriodSeconds"] as number | undefined;
  return {
    // A negative period means the shortest there is.
    gracePeriodSeconds: grace === undefined ? undefined : grace < 0 ? 1 : grace,
    uid: preconditions?.uid,
    resourceVersion: preconditions?.resourceVersion,
    orphanDependents: orphan,
    propagationPolicy: policy as DeleteOptions["propagationPolicy"],
    dryRun: dryRun.length > 0,
  };
}

function fromBody(call: ResourceCall): JsonObject | undefined {
  const { body } = call.request;
  if (body === undefined) return undefined;
  if (!(body instanceof Uint8Array)) return body as unknown as JsonObject;
  const bytes = bodyBytes(call.request);
  if (bytes.length === 0) return undefined;
  try {
    return decodeJsonText(bytes).value as JsonObject;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
    throw error;
  }
}

function fromQuery({ query }: ResourceCall): JsonObject {
  const grace = integerParameter(query, "gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const orphan = query.get("orphanDependents");
  const dryRun = query.all("dryRun");
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(policy === undefined || policy === "" ? {} : { propagationPolicy: policy }),
    ...(orphan === undefined || orphan === "" ? {} : { orphanDependents: isTrue(orphan) }),
    ...(dryRun.length === 0 ? {} : { dryRun }),
  };
}
