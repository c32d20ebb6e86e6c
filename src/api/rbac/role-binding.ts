/** RoleBinding: grants a role within a namespace. */
import type { KindDeclaration } from "../declaration.ts";
import { roleBindings } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { RoleBinding } from "../types/rbac-v1.ts";
import { bindingCells, checkBinding, checkBindingUpdate, defaultBinding, rbacName } from "./rules.ts";

export const roleBinding: KindDeclaration<RoleBinding> = {
  ref: roleBindings,
  nameErrors: rbacName,
  defaults: defaultBinding,
  validate: (object) => checkBinding(object, { kinds: ["Role", "ClusterRole"], namespaced: true }),
  validateUpdate: checkBindingUpdate,
  table: {
    columns: columns("Name", "Role", "Age", "Users*", "Groups*", "ServiceAccounts*"),
    cells: (object, context) => {
      const { role, subjects } = bindingCells(object);
      return [object.metadata.name, role, age(object, context), ...subjects];
    },
  },
};
