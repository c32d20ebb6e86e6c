import type { Container, LifecycleHandler, Probe, SELinuxOptions } from "../../../api/types/core-v1.ts";
import type { Check } from "./check.ts";
import { containersOf, isUnconfined, named, namesWhere, quoted, setters, sorted, unconfined } from "./check.ts";

/** The level `baseline`: what would let a Pod reach beyond itself. */
const defaultCapabilities: readonly string[] = ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];
/** With the release from which on each counts as safe. */
const safeSysctls: { readonly [name: string]: number } = {
  "kernel.shm_rmid_forced": 0, "net.ipv4.ip_local_port_range": 0, "net.ipv4.tcp_syncookies": 0, "net.ipv4.ping_group_range": 0, "net.ipv4.ip_unprivileged_port_start": 0,
  "net.ipv4.ip_local_reserved_ports": 27, "net.ipv4.tcp_keepalive_time": 29, "net.ipv4.tcp_fin_timeout": 29, "net.ipv4.tcp_keepalive_intvl": 29, "net.ipv4.tcp_keepalive_probes": 29,
  "net.ipv4.tcp_rmem": 32, "net.ipv4.tcp_wmem": 32,
};
const safeLabelTypes: { readonly [type: string]: number } = { "": 0, container_t: 0, container_init_t: 0, container_kvm_t: 0, container_engine_t: 31 };
const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";

export const baselineChecks: readonly Check[] = [
  {
    id: "appArmorProfile",
    since: 0,
    judge({ spec, annotations }) {
      const own = spec.securityContext?.appArmorProfile?.type;
      const bad = namesWhere(spec, ({ securityContext }) => isUnconfined(securityContext?.appArmorProfile?.type));
      const forbidden = sorted(Object.entries(annotations).filter(([key, value]) => key.startsWith(appArmorPrefix) && value !== "" && value !== "runtime/default" && !value.startsWith("localhost/")).map(([key, value]) => `${key}=${JSON.stringify(value)}`));
      const who = [setters(isUnconfined(own), bad), forbidden.length === 0 ? "" : forbidden.length === 1 ? "annotation" : "annotations"].filter((text) => text !== "").join(" and ");
      if (who === "") return undefined;
      const values = [...unconfined([own, ...containersOf(spec).map(({ securityContext }) => securityContext?.appArmorProfile?.type)]), ...forbidden];
      return { reason: `forbidden AppArmor profile${values.length === 1 ? "" : "s"}`, detail: `${who} must not set AppArmor profile type to ${quoted(values)}` };
    },
  },
  {
    id: "capabilities_baseline",
    since: 0,
    judge({ spec }) {
      const added = (container: { readonly securityContext?: Container["securityContext"] }): readonly string[] => (container.securityContext?.capabilities?.add ?? []).filter((name) => !defaultCapabilities.includes(name));
      const bad = namesWhere(spec, (container) => added(container).length > 0);
      if (bad.length === 0) return undefined;
      return { reason: "non-default capabilities", detail: `${named("container", bad)} must not include ${quoted(sorted(containersOf(spec).flatMap(added)))} in securityContext.capabilities.add` };
    },
  },
  {
    id: "hostNamespaces",
    since: 0,
    judge({ spec }) {
      const used = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((name) => spec[name] === true).map((name) => `${name}=true`);
      return used.length === 0 ? undefined : { reason: "host namespaces", detail: used.join(", ") };
    },
  },
  {
    id: "hostPathVolumes",
    since: 0,
    judge({ spec }) {
      const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
      return bad.length === 0 ? undefined : { reason: "hostPath volumes", detail: named("volume", bad) };
    },
  },
  {
    id: "hostPorts",
    since: 0,
    judge({ spec }) {
      const portsOf = ({ ports = [] }: Pick<Container, "ports">): string[] => ports.filter(({ hostPort }) => (hostPort ?? 0) !== 0).map(({ hostPort }) => String(hostPort));
      const bad = namesWhere(spec, (container) => portsOf(container).length > 0);
      if (bad.length === 0) return undefined;
      const ports = sorted(containersOf(spec).flatMap(portsOf));
      return { reason: "hostPort", detail: `${named("container", bad)} ${bad.length === 1 ? "uses" : "use"} hostPort${ports.length === 1 ? "" : "s"} ${ports.join(", ")}` };
    },
  },
  {
    id: "hostProbesAndHostLifecycle",
    since: 34,
    judge({ spec }) {
      const hosts = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Pick<Container, "livenessProbe" | "readinessProbe" | "startupProbe" | "lifecycle">): string[] =>
        [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap(hostsOf);
      const bad = sorted(namesWhere(spec, (container) => hosts(container).length > 0));
      if (bad.length === 0) return undefined;
      const reached = sorted(containersOf(spec).flatMap(hosts));
      return { reason: "probe or lifecycle host", detail: `${named("container", bad)} ${bad.length === 1 ? "uses" : "use"} probe or lifecycle host${reached.length === 1 ? "" : "s"} ${quoted(reached)}` };
    },
  },
  {
    id: "privileged",
    since: 0,
    judge({ spec }) {
      const bad = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true);
      return bad.length === 0 ? undefined : { reason: "privileged", detail: `${named("container", bad)} must not set securityContext.privileged=true` };
    },
  },
  {
    id: "procMount",
    since: 0,
    judge({ spec }) {
      const mountOf = ({ securityContext }: { readonly securityContext?: Container["securityContext"] }): string => securityContext?.procMount ?? "Default";
      const bad = namesWhere(spec, (container) => mountOf(container) !== "Default");
      if (bad.length === 0) return undefined;
      return { reason: "procMount", detail: `${named("container", bad)} must not set securityContext.procMount to ${quoted(sorted(containersOf(spec).map(mountOf).filter((mount) => mount !== "Default")))}` };
    },
  },
  {
    id: "seLinuxOptions",
    since: 0,
    judge({ spec }, minor) {
      const isBadType = (type = ""): boolean => !Object.hasOwn(safeLabelTypes, type) || (safeLabelTypes[type] as number) > minor;
      const isBad = (options: SELinuxOptions | undefined): boolean => options !== undefined && (isBadType(options.type) || (options.user ?? "") !== "" || (options.role ?? "") !== "");
      const own = spec.securityContext?.seLinuxOptions;
      const bad = namesWhere(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions));
      const who = setters(isBad(own), bad);
      if (who === "") return undefined;
      const all = [own, ...containersOf(spec).map(({ securityContext }) => securityContext?.seLinuxOptions)].filter((options) => options !== undefined);
      const types = sorted(all.map(({ type = "" }) => type).filter((type) => isBadType(type)));
      // Upstream names users and roles beside a forbidden type only.
      const what = types.length === 0 ? [] : [named("type", types), ...(all.some(({ user = "" }) => user !== "") ? ["user may not be set"] : []), ...(all.some(({ role = "" }) => role !== "") ? ["role may not be set"] : [])];
      return { reason: "seLinuxOptions", detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join("; ")}` };
    },
  },
  {
    id: "seccompProfile_baseline",
    since: 19,
    judge({ spec }) {
      const own = spec.securityContext?.seccompProfile?.type;
      const who = setters(isUnconfined(own), namesWhere(spec, ({ securityContext }) => isUnconfined(securityContext?.seccompProfile?.type)));
      if (who === "") return undefined;
      const values = unconfined([own, ...containersOf(spec).map(({ securityContext }) => securityContext?.seccompProfile?.type)]);
      return { reason: "seccompProfile", detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(values)}` };
    },
  },
  {
    id: "sysctls",
    since: 0,
    judge({ spec }, minor) {
      const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !Object.hasOwn(safeSysctls, name) || (safeSysctls[name] as number) > minor);
      return bad.length === 0 ? undefined : { reason: "forbidden sysctls", detail: bad.join(", ") };
    },
  },
  {
    id: "windowsHostProcess",
    since: 0,
    judge({ spec }) {
      const who = setters(spec.securityContext?.windowsOptions?.hostProcess === true, namesWhere(spec, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true));
      return who === "" ? undefined : { reason: "hostProcess", detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` };
    },
  },
];

function hostsOf(handler: Probe | LifecycleHandler | undefined): string[] {
  return [handler?.httpGet?.host ?? "", handler?.tcpSocket?.host ?? ""].filter((host) => host !== "");
}
