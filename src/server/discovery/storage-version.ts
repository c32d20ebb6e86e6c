import type { KindFacts } from "../../api/kind-facts.ts";
import { sha256 } from "../../base/sha256.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Kinds that upstream still writes to etcd in an older version than it serves first. */
const storedElsewhere: { readonly [kind: string]: string } = {
  MutatingAdmissionPolicy: "v1beta1",
  MutatingAdmissionPolicyBinding: "v1beta1",
  CustomResourceDefinition: "v1beta1",
};

/** The first eight bytes of a hash of group, version and kind, in base64, as upstream names a storage version. */
export function storageVersionHash(facts: Pick<KindFacts, "group" | "version" | "kind">): string {
  const bytes = sha256(`${facts.group}/${storedElsewhere[facts.kind] ?? facts.version}/${facts.kind}`).subarray(0, 8);
  let text = "";
  for (let i = 0; i < 9; i += 3) {
    const triple = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let j = 0; j < 4; j++) text += i * 8 + j * 6 < 64 ? alphabet[(triple >> (18 - 6 * j)) & 63] : "=";
  }
  return text;
}
