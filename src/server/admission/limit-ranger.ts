import type { Draft } from "../../base/json.ts";
import type { Quantity } from "../../base/quantity.ts";
import { compareQuantity, formatQuantity, milliValue, parseQuantity } from "../../base/quantity.ts";
import { forbidden } from "../../base/status-error.ts";
import { containerAmounts, podAmounts } from "../../api/core/pod-amounts.ts";
import type { Amounts } from "../../api/core/pod-amounts.ts";
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from "../../api/types/core-v1.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import type { AdmissionView } from "./view.ts";

/** LimitRanger: what containers leave open they get from the namespace's LimitRanges, and nothing goes beyond their bounds. */
const noteKey = "kubernetes.io/limit-ranger";

export const limitRanger: AdmissionPlugin = {
  name: "LimitRanger",
  mutate(request, view) {
    if (request.kind.facts.kind !== "Pod" || !concernsLimits(request)) return;
    for (const range of rangesOf(request, view)) fillDefaults(request.object as unknown as Draft<Pod>, range);
  },
  validate(request, view) {
    if (!concernsLimits(request)) return;
    for (const { spec } of rangesOf(request, view)) {
      const problems = (spec?.limits ?? []).flatMap((item) => judge(request, item));
      if (problems.length > 0) throw forbidden(request.kind.facts, request.name, problems.length === 1 ? (problems[0] as string) : `[${problems.join(", ")}]`);
    }
  },
};

/** What a Pod asks for changes by a resize only; claims can grow. */
function concernsLimits({ operation, kind, subresource, object }: AdmissionRequest): boolean {
  if (object === undefined) return false;
  if (subresource !== "") return subresource === "resize" && operation === "UPDATE";
  return (kind.facts.kind === "Pod" && operation === "CREATE") || (kind.facts.kind === "PersistentVolumeClaim" && (operation === "CREATE" || operation === "UPDATE"));
}

function rangesOf({ namespace }: AdmissionRequest, view: AdmissionView): readonly LimitRange[] {
  return view.list<LimitRange>(`limitranges/${namespace}/`);
}

function fillDefaults(pod: Draft<Pod>, { spec }: LimitRange): void {
  const notes: string[] = [];
  const limits: { [name: string]: string } = {};
  const requests: { [name: string]: string } = {};
  for (const item of spec?.limits ?? []) {
    if (item.type !== "Container") continue;
    Object.assign(limits, item.default);
    Object.assign(requests, item.defaultRequest);
  }
  const fill = (container: Draft<Container>, what: string): void => {
    for (const [side, word, defaults] of [["requests", "request", requests], ["limits", "limit", limits]] as const) {
      const missing = Object.keys(defaults).filter((name) => container.resources?.[side]?.[name] === undefined).sort();
      if (missing.length === 0) continue;
      const added = Object.fromEntries(missing.map((name) => [name, defaults[name] as string]));
      container.resources = { ...container.resources, [side]: { ...container.resources?.[side], ...added } };
      notes.push(`${missing.join(", ")} ${word} for ${what} ${container.name}`);
    }
  };
  for (const container of pod.spec.containers ?? []) fill(container, "container");
  for (const container of pod.spec.initContainers ?? []) fill(container, "init container");
  if (notes.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [noteKey]: `LimitRanger plugin set: ${notes.join("; ")}` };
}

function judge({ kind, object }: AdmissionRequest, item: LimitRangeItem): string[] {
  if (kind.facts.kind === "PersistentVolumeClaim") return item.type === "PersistentVolumeClaim" ? judgeClaim(object as unknown as PersistentVolumeClaim, item) : [];
  const { spec } = object as unknown as Pod;
  if (item.type === "Pod") return judgeAmounts(item, podAmounts(spec, "requests"), podAmounts(spec, "limits"));
  if (item.type !== "Container") return [];
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap((container) =>
    judgeAmounts(item, containerAmounts(container, "requests"), containerAmounts(container, "limits")),
  );
}

function bounds(amounts: { readonly [name: string]: string } | undefined): [string, Quantity][] {
  return Object.keys(amounts ?? {}).sort().flatMap((name) => {
    const amount = parseQuantity(amounts?.[name] ?? "");
    return amount === undefined ? [] : [[name, amount] as [string, Quantity]];
  });
}

function judgeAmounts(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  const problems: string[] = [];
  for (const [name, least] of bounds(item.min)) {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const text = `minimum ${name} usage per ${item.type} is ${formatQuantity(least)}`;
    if (request === undefined) problems.push(`${text}.  No request is specified`);
    else if (compareQuantity(request, least) < 0) problems.push(`${text}, but request is ${formatQuantity(request)}`);
    else if (limit !== undefined && compareQuantity(limit, least) < 0) problems.push(`${text}, but limit is ${formatQuantity(limit)}`);
  }
  for (const [name, most] of bounds(item.max)) {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const text = `maximum ${name} usage per ${item.type} is ${formatQuantity(most)}`;
    if (limit === undefined) problems.push(`${text}.  No limit is specified`);
    else if (compareQuantity(limit, most) > 0) problems.push(`${text}, but limit is ${formatQuantity(limit)}`);
    else if (request !== undefined && compareQuantity(request, most) > 0) problems.push(`${text}, but request is ${formatQuantity(request)}`);
  }
  for (const [name, most] of bounds(item.maxLimitRequestRatio)) problems.push(...judgeRatio({ item, name, most }, requests.get(name), limits.get(name)));
  return problems;
}

function judgeRatio({ item, name, most }: { item: LimitRangeItem; name: string; most: Quantity }, request: Quantity | undefined, limit: Quantity | undefined): string[] {
  const text = `${name} max limit to request ratio per ${item.type} is ${formatQuantity(most)}`;
  if (request === undefined || request.mantissa === 0n) return [`${text}, but no request is specified or request is 0`];
  if (limit === undefined || limit.mantissa === 0n) return [`${text}, but no limit is specified or limit is 0`];
  const ratio = milliValue(limit) / milliValue(request);
  return ratio > milliValue(most) / 1000 ? [`${text}, but provided ratio is ${ratio.toFixed(6)}`] : [];
}

function judgeClaim({ spec }: PersistentVolumeClaim, item: LimitRangeItem): string[] {
  const problems: string[] = [];
  const asked = spec.resources?.requests ?? {};
  for (const [name, least] of bounds(item.min)) {
    const request = parseQuantity(asked[name] ?? "");
    if (request === undefined) problems.push(`minimum ${name} usage per ${item.type} is ${formatQuantity(least)}.  No request is specified`);
    else if (compareQuantity(request, least) < 0) problems.push(`minimum ${name} usage per ${item.type} is ${formatQuantity(least)}, but request is ${formatQuantity(request)}`);
  }
  for (const [name, most] of bounds(item.max)) {
    const request = parseQuantity(asked[name] ?? "");
    if (request === undefined) problems.push(`maximum ${name} usage per ${item.type} is ${formatQuantity(most)}.  No request is specified`);
    else if (compareQuantity(request, most) > 0) problems.push(`maximum ${name} usage per ${item.type} is ${formatQuantity(most)}, but request is ${formatQuantity(request)}`);
  }
  return problems;
}
