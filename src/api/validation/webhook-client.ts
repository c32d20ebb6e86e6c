import type { FieldError } from "../../base/field-error.ts";
import { invalid, pushProblems, required } from "./errors.ts";
import { goQuote } from "./go-text.ts";
import { dns1035LabelProblems, dns1123SubdomainProblems } from "./names.ts";
import { portProblems } from "./numbers.ts";
import type { FieldPath } from "./path.ts";

/** Validation of where a webhook is called: a URL, or a Service of the cluster. */
const form = "; desired format: https://host[/path]";
const urlPattern = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

export function checkWebhookUrl(url: string, path: FieldPath, errors: FieldError[]): void {
  const [, scheme = "", user, host = "", file = "", query = "", fragment = ""] = urlPattern.exec(url) ?? [];
  if (url.startsWith(":")) {
    errors.push(required(path, `url must be a valid URL: parse ${goQuote(url)}: missing protocol scheme${form}`));
    return;
  }
  if (scheme === "" && host === "" && (file.split("/")[0] ?? "").includes(":")) {
    errors.push(required(path, `url must be a valid URL: parse ${goQuote(url)}: first path segment in URL cannot contain colon${form}`));
    return;
  }
  if (scheme.toLowerCase() !== "https") errors.push(invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`));
  if (host === "") errors.push(invalid(path, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalid(path, user, "user information is not permitted in the URL"));
  if (fragment !== "") errors.push(invalid(path, fragment, "fragments are not permitted in the URL"));
  if (query !== "") errors.push(invalid(path, query, "query parameters are not permitted in the URL"));
}

export interface WebhookService {
  readonly name: string;
  readonly namespace: string;
  readonly path?: string;
  readonly port?: number;
}

export function checkWebhookService(service: WebhookService, path: FieldPath, errors: FieldError[]): void {
  if (service.name === "") errors.push(required(path.child("name")));
  if (service.namespace === "") errors.push(required(path.child("namespace")));
  const port = service.port ?? 0;
  const problems = portProblems(port);
  if (problems.length > 0) errors.push(invalid(path.child("port"), port, `port is not valid: ${problems.join(", ")}`));
  if (service.path !== undefined) checkUrlPath(service.path, path.child("path"), errors);
}

/** The forms of a review that the server can send. */
export const reviewVersions = ["v1", "v1beta1"];

/** The forms of a review that a webhook takes; `missing` tells more where it names none. */
export function checkReviewVersions(versions: readonly string[], path: FieldPath, errors: FieldError[], missing = ""): void {
  if (versions.length === 0) {
    errors.push(required(path, missing));
    return;
  }
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) errors.push(invalid(path.index(i), version, "duplicate version"));
    else pushProblems(errors, path.index(i), version, dns1035LabelProblems(version));
  });
  if (!versions.some((version) => reviewVersions.includes(version))) {
    errors.push(invalid(path, versions, `must include at least one of ${reviewVersions.join(", ")}`));
  }
}

function checkUrlPath(text: string, path: FieldPath, errors: FieldError[]): void {
  if (text === "" || text === "/") return;
  if (text === "//") {
    errors.push(invalid(path, text, "segment[0] may not be empty"));
    return;
  }
  if (!text.startsWith("/")) errors.push(invalid(path, text, "must start with a '/'"));
  // The first character goes in any case, as upstream has it.
  const steps = text.slice(1).replace(/\/$/, "").split("/");
  steps.forEach((step, i) => {
    if (step === "") errors.push(invalid(path, text, `segment[${i}] may not be empty`));
    else pushProblems(errors, path, text, dns1123SubdomainProblems(step).map((problem) => `segment[${i}]: ${problem}`));
  });
}
