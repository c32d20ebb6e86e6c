import type { SecurityContext } from "../types/core-v1.ts";

/** Values as upstream's internal types print them in messages: every field by its Go name, null where nothing is set. */
export function goSecurityContext(context: SecurityContext): { readonly [field: string]: unknown } {
  const { capabilities, seccompProfile, appArmorProfile, seLinuxOptions, windowsOptions } = context;
  return {
    Capabilities: capabilities === undefined ? null : { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null },
    Privileged: context.privileged ?? null,
    SELinuxOptions:
      seLinuxOptions === undefined
        ? null
        : { User: seLinuxOptions.user ?? "", Role: seLinuxOptions.role ?? "", Type: seLinuxOptions.type ?? "", Level: seLinuxOptions.level ?? "" },
    WindowsOptions:
      windowsOptions === undefined
        ? null
        : {
            GMSACredentialSpecName: windowsOptions.gmsaCredentialSpecName ?? null,
            GMSACredentialSpec: windowsOptions.gmsaCredentialSpec ?? null,
            RunAsUserName: windowsOptions.runAsUserName ?? null,
            HostProcess: windowsOptions.hostProcess ?? null,
          },
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: seccompProfile === undefined ? null : { Type: seccompProfile.type ?? "", LocalhostProfile: seccompProfile.localhostProfile ?? null },
    AppArmorProfile: appArmorProfile === undefined ? null : { Type: appArmorProfile.type ?? "", LocalhostProfile: appArmorProfile.localhostProfile ?? null },
  };
}
