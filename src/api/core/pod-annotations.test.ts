import { describe, expect, it } from "vitest";
import type { FieldError } from "../../base/field-error.ts";
import type { Pod, PodSpec } from "../types/core-v1.ts";
import { FieldPath } from "../validation/path.ts";
import { checkAnnotatedProfiles, checkPodAnnotations } from "./pod-annotations.ts";
import { podTemplateWarnings, podWarnings } from "./pod-warnings.ts";

/** Upstream's answers: what may be written in a Pod's annotations, and fields that contradict them. */
const appArmor = "container.apparmor.security.beta.kubernetes.io/";
const seccomp = "container.seccomp.security.alpha.kubernetes.io/";
const spec: PodSpec = { containers: [{ name: "c", resources: {} }], initContainers: [{ name: "i", resources: {} }] };

function texts(check: (errors: FieldError[]) => void): string[] {
  const errors: FieldError[] = [];
  check(errors);
  return errors.map(({ field, message }) => `${field}: ${message.replace(/^(Invalid value: "[^"]*"|Forbidden): /, "")}`);
}

function judged(annotations: Record<string, string>): string[] {
  return texts((errors) => checkPodAnnotations(annotations, spec, FieldPath.of("annotations"), errors));
}

function compared(annotations: Record<string, string>, given: Partial<PodSpec>): string[] {
  return texts((errors) => checkAnnotatedProfiles(annotations, { ...spec, ...given }, FieldPath.of("spec"), errors));
}

describe("annotations of Pods", () => {
  it("name profiles of containers that exist", () => {
    expect(judged({ [`${appArmor}c`]: "localhost/x", [`${appArmor}i`]: "runtime/default", [`${seccomp}c`]: "docker/default" })).toEqual([]);
    expect(judged({ [`${appArmor}d`]: "unconfined" })).toEqual([`annotations[${appArmor}d]: container not found`]);
    expect(judged({ [`${appArmor}c`]: "runtime/x" })).toEqual([`annotations[${appArmor}c]: invalid AppArmor profile name: "runtime/x"`]);
    expect(judged({ [`${seccomp}c`]: "x" })).toEqual([`annotations.${seccomp}c: must be a valid seccomp profile`]);
    expect(judged({ "seccomp.security.alpha.kubernetes.io/pod": "localhost/../x" })).toEqual(["annotations.seccomp.security.alpha.kubernetes.io/pod: must not contain '..'"]);
  });

  it("say the same as the fields that replaced them", () => {
    const path = "spec.containers[0].securityContext";
    expect(compared({ [`${appArmor}c`]: "unconfined" }, { securityContext: { appArmorProfile: { type: "RuntimeDefault" } } })).toEqual([
      `${path}.appArmorProfile.type: apparmor type in annotation and field must match`,
    ]);
    expect(compared({ [`${appArmor}c`]: "unconfined" }, { os: { name: "windows" }, securityContext: { appArmorProfile: { type: "RuntimeDefault" } } })).toEqual([]);
    const local: Partial<PodSpec> = { containers: [{ name: "c", resources: {}, securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "a" } } }] };
    expect(compared({ [`${seccomp}c`]: "localhost/a" }, local)).toEqual([]);
    expect(compared({ [`${seccomp}c`]: "localhost/b" }, local)).toEqual([`${path}.seccompProfile.localhostProfile: seccomp profile in annotation and field must match`]);
    expect(compared({ "seccomp.security.alpha.kubernetes.io/pod": "docker/default" }, { securityContext: { seccompProfile: { type: "RuntimeDefault" } } })).toEqual([]);
  });

  it("are warned of where no field says the same", () => {
    const meta = { name: "p", annotations: { [`${appArmor}c`]: "unconfined" } };
    const text = `metadata.annotations[${appArmor}c]: deprecated since v1.30; use the "appArmorProfile" field instead`;
    expect(podWarnings({ metadata: meta, spec } as unknown as Pod)).toEqual([text]);
    expect(podTemplateWarnings({ metadata: meta, spec } as never, FieldPath.of("template"))).toEqual([`template.${text}`]);
    expect(podWarnings({ metadata: meta, spec: { ...spec, securityContext: { appArmorProfile: { type: "Unconfined" } } } } as unknown as Pod)).toEqual([]);
  });
});
