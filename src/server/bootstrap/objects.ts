import type { ObjectMeta } from "../../api/types/meta-v1.ts";
import { bootstrapText } from "./objects-text.ts";

/** What a new cluster holds, by the path of the kind: namespaces, roles, priority classes, the `kubernetes` Service and the like. */
export type BootstrapObjects = { readonly [path: string]: readonly { readonly metadata: ObjectMeta }[] };

/** Where the server listens on its node, as kubeadm's does; that of the recording listened elsewhere. */
export const apiPort = 6443;
const recordedPort = /"targetPort":\d+/;
const recordedTime = /"lastTransitionTime":"[^"]*"/g;

/** The objects of a cluster that is born at this time (RFC 3339), as they were recorded, read anew at each call. */
export function bootstrapObjects(birth: string): BootstrapObjects {
  return JSON.parse(bootstrapText.replace(recordedPort, `"targetPort":${apiPort}`).replace(recordedTime, `"lastTransitionTime":"${birth}"`)) as BootstrapObjects;
}
