/** ClusterRole: what may be done in the whole cluster, or in each namespace where it is bound. */
import type { KindDeclaration } from "../declaration.ts";
import { clusterRoles } from "../kinds.ts";
import type { ClusterRole } from "../types/rbac-v1.ts";
import { invalid, required } from "../validation/errors.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { FieldPath } from "../validation/path.ts";
import { checkRules, rbacName } from "./rules.ts";

export const clusterRole: KindDeclaration<ClusterRole> = {
  ref: clusterRoles,
  nameErrors: rbacName,
  validate(object) {
    const errors = checkRules(object.rules, { namespaced: false });
    const selectors = object.aggregationRule?.clusterRoleSelectors ?? [];
    const path = FieldPath.of("aggregationRule").child("clusterRoleSelectors");
    if (object.aggregationRule !== undefined && selectors.length === 0) {
      errors.push(required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil"));
    }
    selectors.forEach((selector, i) => {
      const before = errors.length;
      checkLabelSelector(selector, path.index(i), errors);
      if (errors.length > before) errors.push(invalid(path.index(i), undefined, "invalid label selector."));
    });
    return errors;
  },
};
