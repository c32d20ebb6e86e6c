import type { FieldError } from "../../base/field-error.ts";
import { sameData } from "../equality.ts";
import { loadSchema } from "../schema/schema.ts";
import type { LimitedPriorityLevelConfiguration, LimitResponse, PriorityLevelConfigurationSpec, QueuingConfiguration } from "../types/flowcontrol-v1.ts";
import { forbidden, invalid, notSupported, required } from "../validation/errors.ts";
import { goValue } from "../validation/go-value.ts";
import { inRangeText } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";

/** Validation of priority levels: how much a level may lend, and whether its queues can be dealt out fairly. */
const shares = "must be a non-negative integer";
const queuesMax = 10_000_000;
/** Bits of the hash from which upstream deals the hands. */
const hashBits = 60;

/** Upstream keeps these levels as they are, but for what the exempt one gives and gets. */
const fixedSpecs: ReadonlyMap<string, PriorityLevelConfigurationSpec> = new Map([
  ["exempt", { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }],
  ["catch-all", { type: "Limited", limited: { nominalConcurrencyShares: 5, limitResponse: { type: "Reject" }, lendablePercent: 0 } }],
]);

export function checkPriorityLevel(name: string, spec: PriorityLevelConfigurationSpec, path: FieldPath, errors: FieldError[]): void {
  if ((name === "exempt") !== (spec.type === "Exempt")) {
    errors.push(invalid(path.child("type"), spec.type, "type must be 'Exempt' if and only if name is 'exempt'"));
  }
  const { limited, exempt } = spec;
  if (spec.type === "Exempt") {
    if (limited !== undefined) errors.push(forbidden(path.child("limited"), "must be nil if the type is not Limited"));
    if (exempt !== undefined) checkShares(exempt, path.child("exempt"), errors);
  } else if (spec.type === "Limited") {
    if (exempt !== undefined) errors.push(forbidden(path.child("exempt"), "must be nil if the type is Limited"));
    if (limited === undefined) errors.push(required(path.child("limited"), "must not be empty when type is Limited"));
    else checkLimited(limited, path.child("limited"), errors);
  } else if (spec.type === "") errors.push(required(path.child("type")));
  else errors.push(notSupported(path.child("type"), spec.type, ["Exempt", "Limited"]));
  checkFixed(name, spec, path, errors);
}

function checkFixed(name: string, spec: PriorityLevelConfigurationSpec, path: FieldPath, errors: FieldError[]): void {
  const fixed = fixedSpecs.get(name);
  if (fixed === undefined) return;
  const compared = name === "exempt" ? { ...spec, exempt: fixed.exempt } : spec;
  if (sameData(compared, fixed)) return;
  const printed = goValue(loadSchema(), "io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec", spec);
  errors.push(invalid(path, printed, `spec of '${name}' must equal the fixed value`));
}

function checkShares(given: { readonly nominalConcurrencyShares?: number; readonly lendablePercent?: number }, path: FieldPath, errors: FieldError[]): void {
  const { nominalConcurrencyShares: nominal, lendablePercent: lendable } = given;
  if (nominal !== undefined && nominal < 0) errors.push(invalid(path.child("nominalConcurrencyShares"), nominal, shares));
  if (lendable !== undefined && (lendable < 0 || lendable > 100)) errors.push(invalid(path.child("lendablePercent"), lendable, inRangeText(0, 100)));
}

function checkLimited(limited: LimitedPriorityLevelConfiguration, path: FieldPath, errors: FieldError[]): void {
  checkShares(limited, path, errors);
  const borrowing = limited.borrowingLimitPercent;
  if (borrowing !== undefined && borrowing < 0) errors.push(invalid(path.child("borrowingLimitPercent"), borrowing, `if specified, ${shares}`));
  checkResponse(limited.limitResponse, path.child("limitResponse"), errors);
}

function checkResponse({ type, queuing }: LimitResponse, path: FieldPath, errors: FieldError[]): void {
  if (type === "Reject") {
    if (queuing !== undefined) errors.push(forbidden(path.child("queuing"), "must be nil if limited.limitResponse.type is not Limited"));
  } else if (type === "Queue") {
    if (queuing === undefined) errors.push(required(path.child("queuing"), "must not be empty if limited.limitResponse.type is Limited"));
    else checkQueues(queuing, path.child("queuing"), errors);
  } else if (type === "") errors.push(required(path.child("type")));
  else errors.push(notSupported(path.child("type"), type, ["Queue", "Reject"]));
}

function checkQueues({ queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration, path: FieldPath, errors: FieldError[]): void {
  const [queuesPath, handPath] = [path.child("queues"), path.child("handSize")];
  if (queueLengthLimit <= 0) errors.push(invalid(path.child("queueLengthLimit"), queueLengthLimit, "must be positive"));
  if (queues <= 0) errors.push(invalid(queuesPath, queues, "must be positive"));
  else if (queues > queuesMax) errors.push(invalid(queuesPath, queues, `must not be greater than ${queuesMax}`));
  if (handSize <= 0) errors.push(invalid(handPath, handSize, "must be positive"));
  else if (handSize > queues) errors.push(invalid(handPath, handSize, `should not be greater than queues (${queues})`));
  else if (Math.ceil(Math.log2(queues) * handSize) > hashBits) {
    const why = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`;
    errors.push(invalid(handPath, handSize, why));
  }
}
