import type { Store } from "../../store/contract.ts";
import type { AdmissionPlugin } from "./admission.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { limitRanger } from "./limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { podSecurity } from "./pod-security/pod-security.ts";
import { podResize } from "./pod-resize.ts";
import { priority } from "./priority.ts";
import { resourceQuota } from "./resource-quota.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account.ts";
import { storageProtection } from "./storage-protection.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";

/** The plugins that are on, in upstream's order. */
export function defaultPlugins(store: Store): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle, limitRanger, serviceAccount, nodeRestriction, taintNodesByCondition, podSecurity, priority, defaultTolerationSeconds, defaultStorageClass, storageProtection, runtimeClass,
    podResize, resourceQuota(store),
  ];
}
