import type { Container, EphemeralContainer, PodSpec, ServiceAccount, Volume } from "../../api/types/core-v1.ts";

/** Which Secrets a Pod names, and whether its account lists them: for accounts that allow no others. */
interface Reference {
  readonly name: string;
  /** What says so, as the refusal begins. */
  readonly by: string;
}

type AnyContainer = Pick<Container | EphemeralContainer, "name" | "env" | "envFrom">;

function ofContainers(kind: string, containers: readonly AnyContainer[] | undefined): Reference[] {
  const found: Reference[] = [];
  for (const { name, env, envFrom } of containers ?? []) {
    for (const { name: variable, valueFrom } of env ?? []) {
      const secret = valueFrom?.secretKeyRef?.name;
      if (secret !== undefined) found.push({ name: secret, by: `${kind} ${name} with envVar ${variable} referencing secret.secretName="${secret}"` });
    }
    for (const { secretRef } of envFrom ?? []) {
      if (secretRef !== undefined) found.push({ name: secretRef.name ?? "", by: `${kind} ${name} with envFrom referencing secret.secretName="${secretRef.name ?? ""}"` });
    }
  }
  return found;
}

/** Secrets that volumes of other kinds than `secret` need to be mounted. */
function storageSecrets(volume: Volume): readonly (string | undefined)[] {
  const { azureFile, cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos, csi, projected } = volume;
  return [
    azureFile?.secretName,
    cephfs?.secretRef?.name,
    cinder?.secretRef?.name,
    flexVolume?.secretRef?.name,
    rbd?.secretRef?.name,
    scaleIO?.secretRef?.name,
    iscsi?.secretRef?.name,
    storageos?.secretRef?.name,
    csi?.nodePublishSecretRef?.name,
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
  ];
}

function ofVolumes(volumes: readonly Volume[] | undefined): Reference[] {
  return (volumes ?? []).flatMap(({ secret }) => (secret === undefined ? [] : [{ name: secret.secretName ?? "", by: `volume with secret.secretName="${secret.secretName ?? ""}"` }]));
}

function inContainers(spec: PodSpec): Reference[] {
  return [
    ...ofContainers("init container", spec.initContainers),
    ...ofContainers("container", spec.containers),
    ...ofContainers("ephemeral container", spec.ephemeralContainers),
  ];
}

/** The names of all Secrets that a Pod refers to in any way. */
export function referencedSecrets(spec: PodSpec): readonly string[] {
  const others = (spec.volumes ?? []).flatMap(storageSecrets);
  const pulled = (spec.imagePullSecrets ?? []).map(({ name }) => name);
  const references = [...ofVolumes(spec.volumes), ...inContainers(spec)].map(({ name }) => name);
  return [...references, ...others, ...pulled].filter((name): name is string => name !== undefined && name !== "");
}

/** Why the account does not let the Pod use its Secrets; undefined when it does. */
export function secretsProblem(spec: PodSpec, account: ServiceAccount): string | undefined {
  const own = account.metadata.name;
  const mountable = new Set((account.secrets ?? []).map(({ name }) => name));
  const foreign = [...ofVolumes(spec.volumes), ...inContainers(spec)].find(({ name }) => !mountable.has(name));
  if (foreign !== undefined) return `${foreign.by} is not allowed because service account ${own} does not reference that secret`;
  const pullable = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  const index = (spec.imagePullSecrets ?? []).findIndex(({ name }) => !pullable.has(name));
  if (index < 0) return undefined;
  return `imagePullSecrets[${index}].name="${spec.imagePullSecrets?.[index]?.name ?? ""}" is not allowed because service account ${own} does not reference that imagePullSecret`;
}
