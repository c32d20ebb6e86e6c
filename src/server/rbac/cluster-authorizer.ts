import type { ClusterRole } from "../../api/types/rbac-v1.ts";
import type { Store } from "../../store/contract.ts";
import type { BootstrapObjects } from "../bootstrap/objects.ts";
import { ownRights } from "../bootstrap/own-rights.ts";
import { NodeAuthorizer } from "./node-authorizer.ts";
import { RbacPolicy } from "./policy.ts";
import { RbacAuthorizer } from "./rbac-authorizer.ts";

/** Authorization of a cluster: modes Node and RBAC, over what is in the store. */
export function clusterAuthorizer(store: Store, objects: BootstrapObjects): RbacAuthorizer {
  const roles = (objects["/apis/rbac.authorization.k8s.io/v1/clusterroles"] ?? []) as unknown as readonly ClusterRole[];
  // The rules of nodes are upstream's own list, which this role repeats; changing the role changes nothing for nodes.
  const nodeRules = roles.find(({ metadata }) => metadata.name === "system:node")?.rules ?? [];
  return new RbacAuthorizer(new RbacPolicy(store, ownRights), new NodeAuthorizer(store, nodeRules));
}
