import type { PodSpec, Volume } from "../../../api/types/core-v1.ts";
import type { Check } from "./check.ts";
import { containersOf, isUnconfined, named, namesWhere, quoted, setters, sorted, unconfined } from "./check.ts";

/** The level `restricted`: baseline, and what a hardened Pod says of itself. */
const openVolumes: readonly (keyof Volume)[] = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
/** Rules about the kernel of Linux do not bind Pods of Windows. */
const isWindows = ({ os }: PodSpec, minor: number): boolean => minor >= 25 && os?.name === "windows";

export const restrictedChecks: readonly Check[] = [
  {
    id: "allowPrivilegeEscalation",
    since: 8,
    judge({ spec }, minor) {
      if (isWindows(spec, minor)) return undefined;
      const bad = namesWhere(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
      return bad.length === 0 ? undefined : { reason: "allowPrivilegeEscalation != false", detail: `${named("container", bad)} must set securityContext.allowPrivilegeEscalation=false` };
    },
  },
  {
    id: "capabilities_restricted",
    since: 22,
    overrides: "capabilities_baseline",
    judge({ spec }, minor) {
      if (isWindows(spec, minor)) return undefined;
      const keeping = namesWhere(spec, ({ securityContext }) => !(securityContext?.capabilities?.drop ?? []).includes("ALL"));
      const added = containersOf(spec).map(({ name, securityContext }) => ({ name, bad: (securityContext?.capabilities?.add ?? []).filter((capability) => capability !== "NET_BIND_SERVICE") })).filter(({ bad }) => bad.length > 0);
      const details = [
        ...(keeping.length === 0 ? [] : [`${named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
        ...(added.length === 0 ? [] : [`${named("container", added.map(({ name }) => name))} must not include ${quoted(sorted(added.flatMap(({ bad }) => bad)))} in securityContext.capabilities.add`]),
      ];
      return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") };
    },
  },
  {
    id: "restrictedVolumes",
    since: 0,
    overrides: "hostPathVolumes",
    judge({ spec }) {
      const bad = (spec.volumes ?? []).filter((volume) => !openVolumes.some((type) => volume[type] !== undefined));
      if (bad.length === 0) return undefined;
      const types = sorted(bad.map((volume) => Object.keys(volume).find((key) => key !== "name") ?? "unknown"));
      return { reason: "restricted volume types", detail: `${named("volume", bad.map(({ name }) => name))} ${bad.length === 1 ? "uses" : "use"} restricted volume type${types.length === 1 ? "" : "s"} ${quoted(types)}` };
    },
  },
  {
    id: "runAsNonRoot",
    since: 0,
    judge({ spec }) {
      const own = spec.securityContext?.runAsNonRoot;
      const reason = "runAsNonRoot != true";
      const who = setters(own === false, namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false));
      if (who !== "") return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
      const silent = own === true ? [] : namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
      return silent.length === 0 ? undefined : { reason, detail: `pod or ${named("container", silent)} must set securityContext.runAsNonRoot=true` };
    },
  },
  {
    id: "runAsUser",
    since: 23,
    judge({ spec }) {
      const who = setters(spec.securityContext?.runAsUser === 0, namesWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0));
      return who === "" ? undefined : { reason: "runAsUser=0", detail: `${who} must not set runAsUser=0` };
    },
  },
  {
    id: "seccompProfile_restricted",
    since: 19,
    overrides: "seccompProfile_baseline",
    judge({ spec }, minor) {
      if (isWindows(spec, minor)) return undefined;
      const own = spec.securityContext?.seccompProfile?.type;
      const typesOf = containersOf(spec).map(({ securityContext }) => securityContext?.seccompProfile?.type);
      const who = setters(isUnconfined(own), namesWhere(spec, ({ securityContext }) => isUnconfined(securityContext?.seccompProfile?.type)));
      const reason = "seccompProfile";
      if (who !== "") return { reason, detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(unconfined([own, ...typesOf]))}` };
      const silent = own === undefined ? namesWhere(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined) : [];
      return silent.length === 0 ? undefined : { reason, detail: `pod or ${named("container", silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` };
    },
  },
];
