/** ClusterRoleBinding: grants a ClusterRole everywhere. */
import type { KindDeclaration } from "../declaration.ts";
import { clusterRoleBindings } from "../kinds.ts";
import { age, columns } from "../table.ts";
import type { ClusterRoleBinding } from "../types/rbac-v1.ts";
import { bindingCells, checkBinding, checkBindingUpdate, defaultBinding, rbacName } from "./rules.ts";

export const clusterRoleBinding: KindDeclaration<ClusterRoleBinding> = {
  ref: clusterRoleBindings,
  nameErrors: rbacName,
  defaults: defaultBinding,
  validate: (object) => checkBinding(object, { kinds: ["ClusterRole"], namespaced: false }),
  validateUpdate: checkBindingUpdate,
  table: {
    columns: columns("Name", "Role", "Age", "Users*", "Groups*", "ServiceAccounts*"),
    cells: (object, context) => {
      const { role, subjects } = bindingCells(object);
      return [object.metadata.name, role, age(object, context), ...subjects];
    },
  },
};
