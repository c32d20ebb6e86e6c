import type { TextTable } from "../openapi/texts.ts";
import { prefixed } from "./prefixed.ts";

const subjects = "Who gets the rights.";

/** Roles and who has them. */
export const rightsTexts: TextTable = prefixed("io.k8s.api.rbac.v1.", {
  Role: { "": "A Role is a set of rights in one namespace.", rules: "The rights. They add up; none forbids." },
  ClusterRole: {
    "": "A ClusterRole is a set of rights in the whole cluster, or in namespaces where a RoleBinding gives it.",
    rules: "The rights. They add up; none forbids.",
    aggregationRule: "Other ClusterRoles whose rules are put in here. Then rules are written by the system.",
  },
  AggregationRule: { "": "Chooses ClusterRoles to put together.", clusterRoleSelectors: "By labels; one of the selectors is enough." },
  PolicyRule: {
    "": "A right: certain verbs on certain things.",
    verbs: "What may be done: get, list, watch, create, update, patch, delete, deletecollection and so on; * is all.",
    apiGroups: "Groups of the resources; empty text for the core group, * for all.",
    resources: "Resources, as in pods or pods/log; * is all.",
    resourceNames: "Only objects of these names. Empty: all. Of no use for create, or for a list of many.",
    nonResourceURLs: "Paths that are no resources, as in /healthz or /metrics/*. In a ClusterRole given by a ClusterRoleBinding only.",
  },
  RoleBinding: { "": "A RoleBinding gives the rights of a Role or ClusterRole in one namespace.", subjects, roleRef: "The Role of this namespace, or the ClusterRole. Never changes." },
  ClusterRoleBinding: { "": "A ClusterRoleBinding gives the rights of a ClusterRole in the whole cluster.", subjects, roleRef: "The ClusterRole. Never changes." },
  RoleRef: { "": "Points to a role.", apiGroup: "rbac.authorization.k8s.io.", kind: "Role or ClusterRole.", name: "Its name." },
  Subject: {
    "": "Somebody who gets rights.",
    kind: "User, Group or ServiceAccount.",
    apiGroup: "rbac.authorization.k8s.io for users and groups (default), empty for service accounts.",
    name: "The name.",
    namespace: "Namespace of the service account. Nothing for users and groups.",
  },
});
