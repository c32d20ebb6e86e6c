import type { PolicyRule } from "../../api/types/rbac-v1.ts";

/** Rights that components need here beyond upstream's bootstrap roles, each with its reason. */
export const ownRights: readonly { readonly subject: string; readonly rules: readonly PolicyRule[] }[] = [
  {
    // Upstream's controller manager reads everything through the informers of its one identity; here, too.
    subject: "User system:kube-controller-manager",
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "update"] },
    ],
  },
];
