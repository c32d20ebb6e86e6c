import type { Miss } from "./score.ts";

/** Why a recorded wrong is not yet answered as recorded, by class. The list of gaps is written with these. */
const declared: readonly string[] = [
  "Pod",
  "DaemonSet",
  "Job",
  "CronJob",
  "Namespace",
  "Node",
  "Service",
  "ConfigMap",
  "Secret",
  "ServiceAccount",
  "PriorityClass",
  "Event",
  "Lease",
  "ControllerRevision",
  "PodTemplate",
  "Deployment",
  "ReplicaSet",
  "StatefulSet",
  "ReplicationController",
];

export function reasonFor(miss: Miss): string {
  if (!declared.includes(miss.kind)) return "this kind has no validation of its own yet";
  if (miss.difference.what === "message") return "decoding words this error differently";
  if (/missing .*Invalid value: (\{\}|\[\]): /.test(miss.difference.text)) return "decoding drops an empty map or list, which then prints as null";
  if (miss.difference.what === "code") return "accepted here and refused upstream, or the other way round";
  return "other causes than upstream's";
}

/** Defaults that something other than the declaration gives. */
const admitted: { readonly [name: string]: string } = {
  "PersistentVolumeClaim/pvc": "the finalizer comes from admission",
  "PersistentVolume/rec-pv": "the finalizer comes from admission",
  "Node/rec-node": "the taint not-ready comes from admission",
  "CertificateSigningRequest/rec-csr": "the requester comes from the request",
};

export function defaultsReasonFor(name: string): string {
  return admitted[name] ?? "this kind has no defaults of its own yet";
}

export function updateReasonFor(kind: string): string {
  if (kind === "Lease") return "the server itself asks for a resourceVersion before declarations are heard";
  return declared.includes(kind) ? "the update is judged differently" : "this kind has no validation of its own yet";
}
