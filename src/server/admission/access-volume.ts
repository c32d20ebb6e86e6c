import type { Draft } from "../../base/json.ts";
import type { Volume } from "../../api/types/core-v1.ts";

/** The volume in which a Pod finds what it needs to reach the API: a token, the certificate of the cluster, the namespace. */
export const accessVolumePrefix = "kube-api-access-";

/** An hour, and seven seconds by which upstream knows the tokens of this volume from others. */
const tokenSeconds = 3607;
const fileMode = 0o644;

export function accessVolume(name: string): Draft<Volume> {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] } },
      ],
      defaultMode: fileMode,
    },
  };
}
