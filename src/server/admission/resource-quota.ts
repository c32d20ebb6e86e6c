import { forbidden } from "../../base/status-error.ts";
import type { Quantity } from "../../base/quantity.ts";
import { addQuantity, parseQuantity, quantityOf } from "../../base/quantity.ts";
import { amountsText, concerns, isMore, subtractAmounts, usageOf } from "../../api/core/quota-usage.ts";
import { containerAmounts } from "../../api/core/pod-amounts.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Pod } from "../../api/types/core-v1.ts";
import type { Store } from "../../store/contract.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import { QuotaLedger } from "./quota-ledger.ts";
import type { Tally } from "./quota-ledger.ts";

/** ResourceQuota: a namespace gets no more than its quotas give, and Pods say what they need where a quota counts it. */
export function resourceQuota(store: Store): AdmissionPlugin {
  const ledger = new QuotaLedger(store);
  return {
    name: "ResourceQuota",
    validate(request) {
      const { operation, object, namespace, subresource } = request;
      if (object === undefined || namespace === "" || (subresource !== "" && subresource !== "resize") || (operation !== "CREATE" && operation !== "UPDATE")) return;
      for (const tally of ledger.of(namespace)) {
        if (concerns(tally.spec, request.kind.ref)) judge(request, tally, object as KubeObject);
      }
    },
  };
}

function judge(request: AdmissionRequest, { name, spec, used }: Tally, object: KubeObject): void {
  const { kind, old } = request;
  const wanted = usageOf(spec, kind.ref, object);
  if (wanted.size === 0) return;
  if (kind.facts.kind === "Pod" && request.operation === "CREATE") checkSpecified(request, name, object as Pod, Object.keys(spec.hard ?? {}));
  const more = old === undefined ? wanted : subtractAmounts(wanted, usageOf(spec, kind.ref, old));
  const asked = new Map<string, Quantity>();
  for (const [resource, hard] of Object.entries(spec.hard ?? {})) {
    const amount = more.get(resource);
    if (amount === undefined || amount.mantissa <= 0n) continue;
    if (isMore(addQuantity(used.get(resource) ?? quantityOf(0), amount), parseQuantity(hard) ?? quantityOf(0))) asked.set(resource, amount);
  }
  if (asked.size === 0) return;
  const of = (amountOf: (resource: string) => Quantity): string => amountsText(new Map([...asked.keys()].map((resource) => [resource, amountOf(resource)])));
  const usedText = of((resource) => used.get(resource) ?? quantityOf(0));
  const limitedText = of((resource) => parseQuantity(spec.hard?.[resource] ?? "0") ?? quantityOf(0));
  throw forbidden(kind.facts, request.name, `exceeded quota: ${name}, requested: ${amountsText(asked)}, used: ${usedText}, limited: ${limitedText}`);
}

/** Of what a quota counts, every container must say how much it needs. */
function checkSpecified(request: AdmissionRequest, quota: string, { spec }: Pod, names: readonly string[]): void {
  const missing = new Map<string, string[]>();
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const name of names) {
      const match = /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage)$/.exec(name);
      if (match === null) continue;
      const side = match[1] === "limits" ? "limits" : "requests";
      const resource = match[2] as string;
      if (spec.resources?.[side]?.[resource] !== undefined || containerAmounts(container, side).has(resource)) continue;
      missing.set(name, [...(missing.get(name) ?? []), container.name]);
    }
  }
  if (missing.size === 0) return;
  const parts = [...missing].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, containers]) => `${name} for: ${containers.toSorted().join(",")}`);
  throw forbidden(request.kind.facts, request.name, `failed quota: ${quota}: must specify ${parts.join("; ")}`);
}
