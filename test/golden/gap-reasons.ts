import type { Miss } from "./score.ts";

/** Why a recorded wrong is not yet answered as recorded, by class. The list of gaps is written with these. */
export function reasonFor(miss: Miss): string {
  const { what, text } = miss.difference;
  if (text.includes("compilation failed")) return "the types of CEL are not followed";
  if (what === "message") return "decoding words this error differently";
  if (/(Invalid|Unsupported) value: (\{\}|\[\]): /.test(text) || emptied.test(miss.name)) return "decoding drops an empty map or list, which then counts as absent";
  if (what === "code") return "accepted here and refused upstream, or the other way round";
  return "other causes than upstream's";
}

const emptied = /= (\{\}|\[\])$|remove .*\/0$/;

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
  if (kind === "PersistentVolumeClaim") return "decoding drops an empty map or list, which then counts as absent";
  return "the update is judged differently";
}
