/** Role: what may be done within a namespace. */
import type { KindDeclaration } from "../declaration.ts";
import { roles } from "../kinds.ts";
import type { Role } from "../types/rbac-v1.ts";
import { checkRules, rbacName } from "./rules.ts";

export const role: KindDeclaration<Role> = {
  ref: roles,
  nameErrors: rbacName,
  validate: (object) => checkRules(object.rules, { namespaced: true }),
};
