import type { ConfigMap, Namespace } from "../../api/types/core-v1.ts";

/** What a namespace's copy of the cluster's CA should be, and what that asks for. Pure. */

export const mapName = "kube-root-ca.crt";
const fileName = "ca.crt";
const descriptionKey = "kubernetes.io/description";
/** Upstream's text, which `kubectl describe` shows. */
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. " +
  "No other usage is guaranteed across distributions of Kubernetes clusters.";

export interface RootCaView {
  readonly space: Namespace | undefined;
  readonly standing: ConfigMap | undefined;
  readonly caPem: string;
}

/** At most one of the two; neither where the copy is right, and in a namespace that goes. */
export interface RootCaPlan {
  readonly create?: Pick<ConfigMap, "data"> & { readonly metadata: { readonly name: string; readonly namespace: string; readonly annotations: { readonly [key: string]: string } } };
  readonly update?: ConfigMap;
}

export function planRootCa({ space, standing, caPem }: RootCaView): RootCaPlan {
  if (space === undefined || space.status.phase === "Terminating") return {};
  const data = { [fileName]: caPem };
  if (standing === undefined) return { create: { metadata: { name: mapName, namespace: space.metadata.name, annotations: { [descriptionKey]: description } }, data } };
  if (isRight(standing, caPem)) return {};
  const annotations = { ...standing.metadata.annotations, [descriptionKey]: description };
  return { update: { ...standing, metadata: { ...standing.metadata, annotations }, data } };
}

function isRight({ data, metadata }: ConfigMap, caPem: string): boolean {
  return data?.[fileName] === caPem && Object.keys(data).length === 1 && metadata.annotations?.[descriptionKey] !== undefined;
}
