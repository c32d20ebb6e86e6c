import type { KubeObject } from "../api/kind-ref.ts";

/** The metadata alone, as `as=PartialObjectMetadata` asks for it. */
export function partialMetadata(object: KubeObject): KubeObject {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
}
