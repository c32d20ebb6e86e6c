/** Node: a machine that runs Pods. */
import type { Draft } from "../../base/json.ts";
import type { FieldError } from "../../base/field-error.ts";
import { parseQuantity, quantityValue } from "../../base/quantity.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { nodes } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { Node, NodeStatus, Taint } from "../types/core-v1.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { cidrProblems, parseCidr } from "../validation/ip.ts";
import { labelValueProblems, qualifiedNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";

const spec = FieldPath.of("spec");
const metadata = FieldPath.of("metadata");
/** Upstream names the taints as if they stood in metadata. */
const taintsPath = metadata.child("taints");
const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const rolePrefix = "node-role.kubernetes.io/";

export const node: KindDeclaration<Node> = {
  ref: nodes,
  hasGeneration: false,
  generationRises: () => false,
  defaults(draft) {
    if (draft.status?.capacity !== undefined && draft.status.allocatable === undefined) draft.status.allocatable = { ...draft.status.capacity };
    // The single and the plural form of the address range say the same; where they do not, the single one is right.
    const { podCIDR, podCIDRs } = draft.spec ?? {};
    if (draft.spec === undefined) return;
    if (podCIDR !== undefined && podCIDR !== "" && podCIDRs?.[0] !== podCIDR) draft.spec.podCIDRs = [podCIDR];
    else if (podCIDR === undefined && podCIDRs?.[0] !== undefined) draft.spec.podCIDR = podCIDRs[0];
  },
  /** A kubelet registers its Node together with the status, so a create keeps it. */
  prepareCreate(draft) {
    delete draft.spec?.configSource;
  },
  prepareUpdate(draft, old) {
    draft.status = old.status as Draft<Node>["status"];
    // Kubelets read no configuration from the API any more: nobody begins to name one.
    if (old.spec.configSource === undefined) delete draft.spec.configSource;
  },
  warnings: ({ spec: { configSource, externalID = "" } }) => [
    ...(configSource === undefined ? [] : ["spec.configSource: the feature is removed"]),
    ...(externalID === "" ? [] : ["spec.externalID: this field is deprecated, and is unused by Kubernetes"]),
  ],
  validate(object) {
    const errors: FieldError[] = [];
    checkTaints(object.spec.taints ?? [], taintsPath, errors);
    checkPodCidrs(object.spec.podCIDRs ?? [], errors);
    return errors;
  },
  validateUpdate: checkUpdate,
  status: { validate: (object, old) => [...checkStatus(object.status, old.status), ...checkUpdate(object, old)] },
  selectableFields: { "spec.unschedulable": (object) => String(object.spec.unschedulable ?? false) },
  table: {
    columns: columns(
      "Name",
      "Status",
      "Roles",
      "Age",
      "Version",
      "Internal-IP*",
      "External-IP*",
      "OS-Image*",
      "Kernel-Version*",
      "Container-Runtime*",
    ),
    cells: (object, context) => {
      const { nodeInfo: info } = object.status;
      const kernel = info?.kernelVersion || "<unknown>";
      return [
        object.metadata.name,
        statusText(object),
        rolesText(object.metadata.labels ?? {}),
        age(object, context),
        info?.kubeletVersion ?? "",
        addressOf(object.status, "InternalIP"),
        addressOf(object.status, "ExternalIP"),
        info?.osImage || "<unknown>",
        info?.architecture ? `${kernel} (${info.architecture})` : kernel,
        info?.containerRuntimeVersion || "<unknown>",
      ];
    },
  },
};

function statusText(object: Node): string {
  const ready = object.status.conditions?.find(({ type }) => type === "Ready");
  const text = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return object.spec.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

function rolesText(labels: { readonly [key: string]: string }): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(labels)) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === "kubernetes.io/role" && value !== "") roles.add(value);
  }
  return roles.size === 0 ? "<none>" : [...roles].sort().join(",");
}

function addressOf(status: NodeStatus, type: string): string {
  return status.addresses?.find((address) => address.type === type)?.address ?? "<none>";
}

/** What a Node may be tainted with, for the Node itself and for the machine that registers it. */
export function checkTaints(taints: readonly Taint[], at: FieldPath, errors: FieldError[]): void {
  const seen = new Set<string>();
  taints.forEach((taint, i) => {
    const path = at.index(i);
    const { key = "", value = "", effect = "" } = taint;
    pushProblems(errors, path.child("key"), key, qualifiedNameProblems(key));
    pushProblems(errors, path.child("value"), value, labelValueProblems(value));
    if (effect === "") errors.push(required(path.child("effect")));
    else if (!effects.includes(effect)) errors.push(notSupported(path.child("effect"), effect, effects));
    const identity = `${key}:${effect}`;
    if (seen.has(identity)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
      errors.push({ ...duplicate(path, shown), message: `${duplicate(path, shown).message}: taints must be unique by key and effect pair` });
    }
    seen.add(identity);
  });
}

function checkPodCidrs(cidrs: readonly string[], errors: FieldError[]): void {
  const path = spec.child("podCIDRs");
  cidrs.forEach((cidr, i) => pushProblems(errors, path.index(i), cidr, cidrProblems(cidr)));
  const families = cidrs.map((cidr) => parseCidr(cidr)?.address.length);
  if (cidrs.length > 2 || (cidrs.length === 2 && families[0] === families[1])) {
    errors.push(invalid(path, cidrs, "may specify no more than one CIDR for each IP family"));
  }
}

function checkUpdate(object: Node, old: Node): FieldError[] {
  const errors: FieldError[] = [];
  // Judged by upstream for the second time here.
  checkTaints(object.spec.taints ?? [], taintsPath, errors);
  const oldCidrs = old.spec.podCIDRs ?? [];
  if (oldCidrs.length > 0 && !sameData(oldCidrs, object.spec.podCIDRs ?? [])) {
    errors.push(forbidden(spec.child("podCIDRs"), 'node updates may not change podCIDR except from "" to valid'));
  }
  if ((old.spec.providerID ?? "") !== "" && old.spec.providerID !== object.spec.providerID) {
    errors.push(forbidden(spec.child("providerID"), 'node updates may not change providerID except from "" to valid'));
  }
  if ((old.spec.externalID ?? "") !== (object.spec.externalID ?? "")) errors.push(forbidden(spec.child("externalID"), "may not be updated"));
  return errors;
}

function checkStatus(status: NodeStatus, old: NodeStatus): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status");
  for (const field of ["capacity", "allocatable"] as const) {
    if (status[field] === old[field]) continue;
    for (const [name, text] of Object.entries(status[field] ?? {})) {
      const quantity = parseQuantity(text);
      if (quantity !== undefined && quantityValue(quantity) < 0) {
        errors.push(invalid(path.child(field).child(name), text, "must be greater than or equal to 0"));
      }
    }
  }
  const seen = new Set<string>();
  status.addresses?.forEach((address, i) => {
    const identity = `${address.type} ${address.address}`;
    if (seen.has(identity)) errors.push(duplicate(path.child("addresses").index(i), { Type: address.type, Address: address.address }));
    seen.add(identity);
  });
  return errors;
}
