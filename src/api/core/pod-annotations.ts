import type { FieldError } from "../../base/field-error.ts";
import type { AppArmorProfile, Container, EphemeralContainer, Pod, PodSpec, SeccompProfile } from "../types/core-v1.ts";
import type { ObjectMeta } from "../types/meta-v1.ts";
import { forbidden, invalid } from "../validation/errors.ts";
import { checkLocalDescendingPath } from "../validation/file-paths.ts";
import { goQuote } from "../validation/go-text.ts";
import { FieldPath } from "../validation/path.ts";

/** Annotations with a meaning for Pods: what may be written in them, and that those which a field has replaced do not contradict the field. */

type Annotations = ObjectMeta["annotations"];

const mirrorAnnotation = "kubernetes.io/config.mirror";
/** What the Pod costs whoever takes it away, as a number: cheaper ones go first. */
export const costAnnotation = "controller.kubernetes.io/pod-deletion-cost";
const podSeccomp = "seccomp.security.alpha.kubernetes.io/pod";
const seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/";
const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";
const localPrefix = "localhost/";

/** Whether it only shows what a kubelet runs by a file of its own machine. */
export function isMirrorPod({ metadata }: { readonly metadata: { readonly annotations?: Annotations } }): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** Those of Pods and of templates. */
export function checkPodAnnotations(annotations: Annotations, spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  if (annotations === undefined) return;
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && (spec.nodeName ?? "") === "") {
    errors.push(invalid(path.key(mirrorAnnotation), mirror, "must set spec.nodeName if mirror pod annotation is set"));
  }
  const cost = annotations[costAnnotation];
  if (cost !== undefined && !isInt32(cost)) errors.push(invalid(path.key(costAnnotation), cost, "must be a 32bit integer"));
  for (const [key, value] of Object.entries(annotations)) {
    if (key === podSeccomp || key.startsWith(seccompPrefix)) checkSeccomp(value, path.child(key), errors);
    else if (key.startsWith(appArmorPrefix)) checkAppArmor(key, value, spec, path.key(key), errors);
  }
}

function isInt32(text: string): boolean {
  if (!/^(0|-?[1-9][0-9]{0,9})$/.test(text)) return false;
  const value = Number(text);
  return value >= -2147483648 && value <= 2147483647;
}

function checkSeccomp(value: string, path: FieldPath, errors: FieldError[]): void {
  if (["runtime/default", "docker/default", "unconfined"].includes(value)) return;
  if (value.startsWith(localPrefix)) checkLocalDescendingPath(value.slice(localPrefix.length), path, errors);
  else errors.push(invalid(path, value, "must be a valid seccomp profile"));
}

function checkAppArmor(key: string, value: string, spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const name = key.slice(appArmorPrefix.length);
  if (!containersOf(spec, path).some(([container]) => container.name === name)) errors.push(invalid(path, name, "container not found"));
  if (["", "runtime/default", "unconfined"].includes(value) || value.startsWith(localPrefix)) return;
  errors.push(invalid(path, value, `invalid AppArmor profile name: ${goQuote(value)}`));
}

/** Where an annotation and the field that replaced it are both given, they say the same. */
export function checkAnnotatedProfiles(annotations: Annotations, spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  if (annotations === undefined || !Object.keys(annotations).some((key) => key === podSeccomp || key.startsWith(seccompPrefix) || key.startsWith(appArmorPrefix))) return;
  const own = spec.securityContext;
  const containers = containersOf(spec, path);
  checkSame("seccomp", annotations[podSeccomp], own?.seccompProfile, path.child("securityContext").child("seccompProfile"), errors);
  for (const [{ name, securityContext }, at] of containers) {
    checkSame("seccomp", annotations[seccompPrefix + (name ?? "")], securityContext?.seccompProfile, at.child("securityContext").child("seccompProfile"), errors);
  }
  if (spec.os?.name === "windows") return;
  for (const [{ name, securityContext }, at] of containers) {
    const profile = securityContext?.appArmorProfile ?? own?.appArmorProfile;
    checkSame("apparmor", annotations[appArmorPrefix + (name ?? "")], profile, at.child("securityContext").child("appArmorProfile"), errors);
  }
}

function checkSame(what: "seccomp" | "apparmor", annotation: string | undefined, profile: SeccompProfile | AppArmorProfile | undefined, path: FieldPath, errors: FieldError[]): void {
  if (annotation === undefined || profile === undefined) return;
  const sameType: { readonly [type: string]: boolean } = {
    Unconfined: annotation === "unconfined",
    RuntimeDefault: annotation === "runtime/default" || (what === "seccomp" && annotation === "docker/default"),
    Localhost: annotation.startsWith(localPrefix),
  };
  if (sameType[profile.type ?? ""] === false) errors.push(forbidden(path.child("type"), `${what} type in annotation and field must match`));
  else if (profile.type === "Localhost" && annotation.slice(localPrefix.length) !== profile.localhostProfile) {
    errors.push(forbidden(path.child("localhostProfile"), `${what} profile in annotation and field must match`));
  }
}

function containersOf(spec: PodSpec, path: FieldPath): readonly (readonly [Container | EphemeralContainer, FieldPath])[] {
  return (["initContainers", "containers", "ephemeralContainers"] as const).flatMap((field) =>
    (spec[field] ?? []).map((container, i) => [container, path.child(field).index(i)] as const),
  );
}

/** Annotations that say how a Pod came to be do not change. */
export function checkAnnotationUpdate(object: Pod, old: Pod, errors: FieldError[]): void {
  const now = object.metadata.annotations ?? {};
  const before = old.metadata.annotations ?? {};
  const path = FieldPath.of("metadata").child("annotations");
  for (const [key, value] of Object.entries(before)) {
    if (now[key] === value) continue;
    if (key.startsWith(appArmorPrefix)) errors.push(forbidden(path.key(key), "may not remove or update AppArmor annotations"));
    if (key === mirrorAnnotation) errors.push(forbidden(path.key(key), "may not remove or update mirror pod annotation"));
  }
  for (const key of Object.keys(now)) {
    if (Object.hasOwn(before, key)) continue;
    if (key.startsWith(appArmorPrefix)) errors.push(forbidden(path.key(key), "may not add AppArmor annotations"));
    if (key === mirrorAnnotation) errors.push(forbidden(path.key(key), "may not add mirror pod annotation"));
  }
  checkPodAnnotations(object.metadata.annotations, object.spec ?? { containers: [] }, path, errors);
}
