/** APIService: who serves a group version. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { apiServices } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { APIService, APIServiceSpec } from "../types/apiregistration-v1.ts";
import { invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { goQuote } from "../validation/go-text.ts";
import { dns1035LabelProblems, dns1123SubdomainProblems, pathSegmentNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import { checkWebhookService } from "../validation/webhook-client.ts";

const statuses = ["True", "False", "Unknown"];
const groupPriorityMax = 20_000;
const versionPriorityMax = 1_000;

export const apiService: KindDeclaration<APIService> = {
  ref: apiServices,
  hasGeneration: false,
  // The name follows from the spec: `validate` looks at both.
  nameErrors: () => [],
  defaults(draft) {
    const service = draft.spec.service;
    if (service !== undefined && service !== null) service.port ??= 443;
  },
  prepareCreate(draft) {
    draft.status = {};
  },
  validate(object) {
    const errors: FieldError[] = [];
    checkName(object, errors);
    checkSpec(object.spec, FieldPath.of("spec"), errors);
    return errors;
  },
  status: {
    validate(object) {
      const errors: FieldError[] = [];
      object.status.conditions?.forEach(({ status }, i) => {
        if (!statuses.includes(status)) errors.push(notSupported(FieldPath.of("status").child("conditions").index(i).child("status"), status, statuses));
      });
      return errors;
    },
  },
  table: {
    columns: columns("Name", "Service", "Available", "Age"),
    cells: (object, context) => {
      const service = object.spec.service;
      const available = object.status.conditions?.find(({ type }) => type === "Available");
      const local = service === undefined || service === null;
      const text = available === undefined ? "" : available.status === "True" ? "True" : `${available.status} (${available.reason ?? ""})`;
      return [object.metadata.name, local ? "Local" : `${service.namespace ?? ""}/${service.name ?? ""}`, text, age(object, context)];
    },
  },
};

function checkName({ metadata, spec }: APIService, errors: FieldError[]): void {
  const { name = "" } = metadata;
  const problems = pathSegmentNameProblems(name, false);
  pushProblems(errors, "metadata.name", name, problems);
  const wanted = `${spec.version ?? ""}.${spec.group ?? ""}`;
  if (name === "" || problems.length > 0 || name === wanted) return;
  errors.push(invalid("metadata.name", name, `must be \`spec.version+"."+spec.group\`: ${goQuote(wanted)}`));
}

function checkSpec(spec: APIServiceSpec, path: FieldPath, errors: FieldError[]): void {
  const { group = "", version = "", groupPriorityMinimum, versionPriority, service, insecureSkipTLSVerify = false } = spec;
  if (group === "" && version !== "v1") errors.push(required(path.child("group"), "only v1 may have an empty group and it better be legacy kube"));
  if (group !== "") pushProblems(errors, path.child("group"), group, dns1123SubdomainProblems(group));
  pushProblems(errors, path.child("version"), version, dns1035LabelProblems(version));
  checkPriority(groupPriorityMinimum, groupPriorityMax, path.child("groupPriorityMinimum"), errors);
  checkPriority(versionPriority, versionPriorityMax, path.child("versionPriority"), errors);
  const bundle = spec.caBundle ?? "";
  const insecurePath = path.child("insecureSkipTLSVerify");
  if ((service ?? undefined) === undefined) {
    const bytes = (bundle.length / 4) * 3 - (bundle.length - bundle.replace(/=+$/, "").length);
    if (bytes > 0) errors.push(invalid(path.child("caBundle"), `${bytes} bytes`, "local APIServices may not have a caBundle"));
    if (insecureSkipTLSVerify) errors.push(invalid(insecurePath, true, "local APIServices may not have insecureSkipTLSVerify"));
    return;
  }
  checkWebhookService({ name: "", namespace: "", ...service }, path.child("service"), errors);
  if (insecureSkipTLSVerify && bundle !== "") errors.push(invalid(insecurePath, true, "may not be true if caBundle is present"));
}

function checkPriority(value: number, max: number, path: FieldPath, errors: FieldError[]): void {
  if (value <= 0 || value > max) errors.push(invalid(path, value, `must be positive and less than ${max}`));
}
