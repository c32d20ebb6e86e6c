import type { UserInfo } from "../server/request.ts";

/** The administrator: the certificate of the kubeconfig, and `cluster.client`. */
export const administrator: UserInfo = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

/** What acts on the API server's own behalf: bootstrap objects, the shared informers. */
export const apiServerUser: UserInfo = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

export const controllerManagerUser: UserInfo = { name: "system:kube-controller-manager", groups: ["system:authenticated"] };

export const schedulerUser: UserInfo = { name: "system:kube-scheduler", groups: ["system:authenticated"] };

/** The service account under which upstream's controller manager runs one controller. */
export function controllerUser(controller: string): UserInfo {
  return {
    name: `system:serviceaccount:kube-system:${controller}`,
    groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
  };
}

/** Whom the kubelet of a node acts as. */
export function nodeUser(nodeName: string): UserInfo {
  return { name: `system:node:${nodeName}`, groups: ["system:nodes", "system:authenticated"] };
}
