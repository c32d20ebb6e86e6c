/** ServiceCIDR: a range of addresses for Services. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged, immutable } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { serviceCIDRs } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ServiceCIDR } from "../types/networking-v1.ts";
import { invalid, pushProblems, required } from "../validation/errors.ts";
import { canonicalCidrProblems, parseCidr } from "../validation/ip.ts";
import { FieldPath } from "../validation/path.ts";

export const serviceCIDR: KindDeclaration<ServiceCIDR> = {
  ref: serviceCIDRs,
  hasGeneration: false,
  validate(object) {
    const errors: FieldError[] = [];
    const path = FieldPath.of("spec").child("cidrs");
    const cidrs = object.spec.cidrs ?? [];
    if (cidrs.length === 0) return [required(path, "at least one CIDR required")];
    if (cidrs.length > 2) return [invalid(path, { CIDRs: cidrs }, "may only hold up to 2 values")];
    cidrs.forEach((cidr, i) => pushProblems(errors, path.index(i), cidr, canonicalCidrProblems(cidr)));
    if (cidrs.length === 2 && cidrs.every((cidr) => parseCidr(cidr) !== undefined) && cidrs[0]?.includes(":") === cidrs[1]?.includes(":")) {
      errors.push(invalid(path, cidrs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"));
    }
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    const path = FieldPath.of("spec").child("cidrs");
    const [now, before] = [object.spec.cidrs ?? [], old.spec.cidrs ?? []];
    // A second family may be added; what stood stays.
    const grows = before.length === 1 && now.length === 2;
    if (now.length !== before.length && !grows) errors.push(invalid(path, now, immutable));
    else before.forEach((cidr, i) => checkUnchanged(now[i] === cidr, now[i], path.index(i), errors));
    return errors;
  },
  table: {
    columns: columns("Name", "CIDRs", "Age"),
    cells: (object, context) => [object.metadata.name, (object.spec.cidrs ?? []).join(","), age(object, context)],
  },
};
