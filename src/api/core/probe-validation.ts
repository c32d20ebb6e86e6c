import type { FieldError } from "../../base/field-error.ts";
import type { Lifecycle, LifecycleHandler, Probe } from "../types/core-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { httpHeaderNameProblems } from "../validation/names.ts";
import { checkNonNegative, checkPortNumberOrName } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of probes and hooks: what a kubelet does to a container while it runs. */
interface Handler {
  readonly exec?: LifecycleHandler["exec"];
  readonly httpGet?: LifecycleHandler["httpGet"];
  readonly tcpSocket?: LifecycleHandler["tcpSocket"];
  readonly grpc?: Probe["grpc"];
  readonly sleep?: LifecycleHandler["sleep"];
}

export type ProbeField = "livenessProbe" | "readinessProbe" | "startupProbe";

export function checkProbe(probe: Probe | undefined, field: ProbeField, containerPath: FieldPath, errors: FieldError[]): void {
  if (probe === undefined) return;
  const path = containerPath.child(field);
  checkHandler(probe, undefined, path, errors);
  checkNonNegative(probe.initialDelaySeconds, path, "initialDelaySeconds", errors);
  checkNonNegative(probe.timeoutSeconds, path, "timeoutSeconds", errors);
  checkNonNegative(probe.periodSeconds, path, "periodSeconds", errors);
  checkNonNegative(probe.successThreshold, path, "successThreshold", errors);
  checkNonNegative(probe.failureThreshold, path, "failureThreshold", errors);
  const grace = probe.terminationGracePeriodSeconds;
  const gracePath = path.child("terminationGracePeriodSeconds");
  if (grace !== undefined && grace <= 0) errors.push(invalid(gracePath, grace, "must be greater than 0"));
  if (field === "readinessProbe") {
    if (grace !== undefined) errors.push(invalid(gracePath, grace, "must not be set for readinessProbes"));
  } else if (probe.successThreshold !== 1) errors.push(invalid(path.child("successThreshold"), probe.successThreshold ?? 0, "must be 1"));
}

export function checkLifecycle(lifecycle: Lifecycle | undefined, graceSeconds: number | undefined, path: FieldPath, errors: FieldError[]): void {
  if (lifecycle === undefined) return;
  if (lifecycle.postStart !== undefined) checkHandler(lifecycle.postStart, graceSeconds, path.child("postStart"), errors);
  if (lifecycle.preStop !== undefined) checkHandler(lifecycle.preStop, graceSeconds, path.child("preStop"), errors);
}

const handlerFields = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function checkHandler(handler: Handler, graceSeconds: number | undefined, path: FieldPath, errors: FieldError[]): void {
  let count = 0;
  for (const field of handlerFields) {
    if (handler[field] === undefined) continue;
    if (count > 0) errors.push(forbidden(path.child(field), "may not specify more than 1 handler type"));
    else checkOneHandler(handler, field, graceSeconds, path.child(field), errors);
    count = 1;
  }
  if (count === 0) errors.push(required(path, "must specify a handler type"));
}

function checkOneHandler(handler: Handler, field: (typeof handlerFields)[number], graceSeconds: number | undefined, path: FieldPath, errors: FieldError[]): void {
  switch (field) {
    case "exec":
      if ((handler.exec?.command ?? []).length === 0) errors.push(required(path.child("command")));
      break;
    case "httpGet":
      checkHttpGet(handler, path, errors);
      break;
    case "tcpSocket":
      checkPortNumberOrName(handler.tcpSocket?.port, path.child("port"), errors);
      break;
    case "grpc":
      checkPortNumberOrName(handler.grpc?.port, path.child("port"), errors);
      break;
    case "sleep": {
      const seconds = handler.sleep?.seconds ?? 0;
      if (graceSeconds !== undefined && (seconds < 0 || seconds > graceSeconds)) {
        errors.push(invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`));
      }
    }
  }
}

function checkHttpGet(handler: Handler, path: FieldPath, errors: FieldError[]): void {
  const get = handler.httpGet;
  if ((get?.path ?? "") === "") errors.push(required(path.child("path")));
  checkPortNumberOrName(get?.port, path.child("port"), errors);
  const scheme: string = get?.scheme ?? "";
  if (scheme !== "HTTP" && scheme !== "HTTPS") errors.push(notSupported(path.child("scheme"), scheme, ["HTTP", "HTTPS"]));
  for (const header of get?.httpHeaders ?? []) pushProblems(errors, path.child("httpHeaders"), header.name ?? "", httpHeaderNameProblems(header.name ?? ""));
}
