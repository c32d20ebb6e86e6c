import type { FieldError } from "../../base/field-error.ts";
import type { AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext, WindowsSecurityContextOptions } from "../types/core-v1.ts";
import { byteLength } from "../validation/byte-length.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required, tooLong } from "../validation/errors.ts";
import { checkLocalDescendingPath } from "../validation/file-paths.ts";
import { dns1123SubdomainProblems } from "../validation/names.ts";
import { checkId } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";
import { eachContainer } from "./pod-containers.ts";
import { printedSecurityContext } from "./spec-difference.ts";

/** Validation of what Pods and containers say about users, capabilities, profiles and kernel parameters. */
const localhostProfileBytesMax = 4095; // PATH_MAX - 1

export function checkPodSecurityContext(context: PodSecurityContext | undefined, spec: PodSpec, specPath: FieldPath, errors: FieldError[]): void {
  if (context === undefined) return;
  const path = specPath.child("securityContext");
  checkId(context.fsGroup, path.child("fsGroup"), errors);
  checkId(context.runAsUser, path.child("runAsUser"), errors);
  checkId(context.runAsGroup, path.child("runAsGroup"), errors);
  context.supplementalGroups?.forEach((group, i) => checkId(group, path.child("supplementalGroups").index(i), errors));
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(invalid(path.child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled"));
  }
  if (context.sysctls !== undefined) checkSysctls(context, spec, path.child("sysctls"), errors);
  oneOf(context.fsGroupChangePolicy, ["Always", "OnRootMismatch"], path.child("fsGroupChangePolicy"), errors);
  checkSeccompProfile(context.seccompProfile, path.child("seccompProfile"), errors);
  checkWindowsOptions(context.windowsOptions, path.child("windowsOptions"), errors);
  checkAppArmorProfile(context.appArmorProfile, path.child("appArmorProfile"), errors);
  oneOf(context.supplementalGroupsPolicy, ["Merge", "Strict"], path.child("supplementalGroupsPolicy"), errors);
  oneOf(context.seLinuxChangePolicy, ["MountOption", "Recursive"], path.child("seLinuxChangePolicy"), errors);
}

function oneOf(value: string | undefined, supported: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (value !== undefined && !supported.includes(value)) errors.push(notSupported(path, value, supported));
}

const sysctlPattern = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const sysctlRule =
  "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

function checkSysctls(context: PodSecurityContext, spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const names = new Set<string>();
  context.sysctls?.forEach((sysctl, i) => {
    const name = sysctl.name ?? "";
    const namePath = path.index(i).child("name");
    if (name === "") errors.push(required(namePath));
    else if (name.length > 253 || !sysctlPattern.test(name)) errors.push(invalid(namePath, name, sysctlRule));
    else if (names.has(name)) errors.push(duplicate(namePath, name));
    const namespace = sysctlNamespace(name);
    if (spec.hostNetwork === true && namespace === "net") errors.push(invalid(namePath, name, "may not be specified when 'hostNetwork' is true"));
    else if (spec.hostIPC === true && namespace === "ipc") errors.push(invalid(namePath, name, "may not be specified when 'hostIPC' is true"));
    names.add(name);
  });
}

/** Which kernel namespace holds a parameter; separators may be dots or slashes. */
function sysctlNamespace(name: string): "net" | "ipc" | undefined {
  const dotted = name.replaceAll("/", ".");
  if (dotted.startsWith("net.")) return "net";
  if (/^kernel\.(sem$|shm|msg)/.test(dotted) || dotted.startsWith("fs.mqueue.")) return "ipc";
  return undefined;
}

function checkSeccompProfile(profile: SeccompProfile | undefined, path: FieldPath, errors: FieldError[]): void {
  if (profile === undefined) return;
  const type: string = profile.type ?? "";
  if (type === "") errors.push(required(path.child("type"), "type is required when seccompProfile is set"));
  else oneOf(type, ["Localhost", "RuntimeDefault", "Unconfined"], path.child("type"), errors);
  if (type === "Localhost") {
    if (profile.localhostProfile === undefined) errors.push(required(path.child("localhostProfile"), "must be set when seccomp type is Localhost"));
    else checkLocalDescendingPath(profile.localhostProfile, path.child("localhostProfile"), errors);
  } else if (profile.localhostProfile !== undefined) {
    const printed = { Type: type, LocalhostProfile: profile.localhostProfile };
    errors.push(invalid(path.child("localhostProfile"), printed, "can only be set when seccomp type is Localhost"));
  }
}

function checkAppArmorProfile(profile: AppArmorProfile | undefined, path: FieldPath, errors: FieldError[]): void {
  if (profile === undefined) return;
  const local = profile.localhostProfile;
  const localPath = path.child("localhostProfile");
  switch (profile.type as string | undefined) {
    case "Localhost":
      if (local === undefined) errors.push(required(localPath, "must be set when AppArmor type is Localhost"));
      else {
        if (local.trim() !== local) errors.push(invalid(localPath, local, "must not be padded with whitespace"));
        else if (local === "") errors.push(required(localPath, "must be set when AppArmor type is Localhost"));
        if (byteLength(local) > localhostProfileBytesMax) errors.push(tooLong(localPath, localhostProfileBytesMax));
      }
      break;
    case "RuntimeDefault":
    case "Unconfined":
      if (local !== undefined) errors.push(invalid(localPath, local, "can only be set when AppArmor type is Localhost"));
      break;
    case undefined:
    case "":
      errors.push(required(path.child("type"), "type is required when appArmorProfile is set"));
      break;
    default:
      errors.push(notSupported(path.child("type"), profile.type, ["Localhost", "RuntimeDefault", "Unconfined"]));
  }
}

export function checkSecurityContext(context: SecurityContext | undefined, path: FieldPath, hostUsers: boolean, errors: FieldError[]): void {
  if (context === undefined) return;
  checkId(context.runAsUser, path.child("runAsUser"), errors);
  checkId(context.runAsGroup, path.child("runAsGroup"), errors);
  if (context.procMount !== undefined) {
    oneOf(context.procMount, ["Default", "Unmasked"], path.child("procMount"), errors);
    if (hostUsers && context.procMount === "Unmasked") {
      errors.push(invalid(path.child("procMount"), context.procMount, "`hostUsers` must be false to use `Unmasked`"));
    }
  }
  checkSeccompProfile(context.seccompProfile, path.child("seccompProfile"), errors);
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) {
      errors.push(invalid(path, printedSecurityContext(context), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
    }
    for (const capability of context.capabilities?.add ?? []) {
      if (capability === "CAP_SYS_ADMIN") {
        errors.push(invalid(path, printedSecurityContext(context), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
      }
    }
  }
  checkWindowsOptions(context.windowsOptions, path.child("windowsOptions"), errors);
  checkAppArmorProfile(context.appArmorProfile, path.child("appArmorProfile"), errors);
}

const domainLengthMax = 256;
const userLengthMax = 104;
const credentialSpecKibMax = 64;
const netBiosDomain = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsDomain = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

function checkWindowsOptions(options: WindowsSecurityContextOptions | undefined, path: FieldPath, errors: FieldError[]): void {
  if (options === undefined) return;
  const specName = options.gmsaCredentialSpecName;
  if (specName !== undefined) pushProblems(errors, path.child("gmsaCredentialSpecName"), specName, dns1123SubdomainProblems(specName));
  const credentials = options.gmsaCredentialSpec;
  if (credentials === "") errors.push(invalid(path.child("gmsaCredentialSpec"), credentials, "gmsaCredentialSpec cannot be an empty string"));
  else if (credentials !== undefined && byteLength(credentials) > credentialSpecKibMax * 1024) {
    errors.push(invalid(path.child("gmsaCredentialSpec"), credentials, `gmsaCredentialSpec size must be under ${credentialSpecKibMax} KiB`));
  }
  const user = options.runAsUserName;
  if (user !== undefined) pushProblems(errors, path.child("runAsUserName"), user, windowsUserProblems(user));
}

function windowsUserProblems(text: string): string[] {
  if (text === "") return ["runAsUserName cannot be an empty string"];
  if (/\p{Cc}/u.test(text)) return ["runAsUserName cannot contain control characters"];
  const parts = text.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const domain = parts.length === 2 ? (parts[0] ?? "") : undefined;
  const user = parts[parts.length - 1] ?? "";
  const problems: string[] = [];
  if (domain !== undefined && domain.length >= domainLengthMax) problems.push(`runAsUserName's Domain length must be under ${domainLengthMax} characters`);
  if (domain !== undefined && !netBiosDomain.test(domain) && !dnsDomain.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === "") problems.push("runAsUserName's User cannot be empty");
  else if (user.length > userLengthMax) problems.push(`runAsUserName's User length must not be longer than ${userLengthMax} characters`);
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return problems;
}

/** A Pod whose containers run as processes of a Windows host: all of them, in the host's network. */
export function checkWindowsHostProcess(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  const podWide = spec.securityContext?.windowsOptions?.hostProcess;
  let all = 0;
  let hostProcesses = 0;
  eachContainer(spec, path, (container, containerPath) => {
    all++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (podWide !== undefined && own !== undefined && podWide !== own) {
      const ownPath = containerPath.child("securityContext").child("windowsOptions").child("hostProcess");
      errors.push(invalid(ownPath, own, `pod hostProcess value must be identical if both are specified, was ${podWide}`));
    }
    if (own ?? podWide ?? false) hostProcesses++;
  });
  if (hostProcesses === 0) return;
  if (hostProcesses !== all) {
    errors.push(invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"));
  }
  if (spec.hostNetwork !== true) {
    errors.push(invalid(path.child("hostNetwork"), false, "hostNetwork must be true if pod contains any hostProcess containers"));
  }
}

/** Without the host's users a Pod may not share other namespaces of the host. */
export function checkHostUsers(spec: PodSpec, path: FieldPath, errors: FieldError[]): void {
  if (spec.hostUsers !== false) return;
  if (spec.hostPID === true) errors.push(forbidden(path.child("HostPID"), "when `hostUsers` is false"));
  if (spec.hostIPC === true) errors.push(forbidden(path.child("HostIPC"), "when `hostUsers` is false"));
  if (spec.hostNetwork === true) errors.push(forbidden(path.child("hostNetwork"), "when `hostUsers` is false"));
}
