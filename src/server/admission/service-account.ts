import { isMirrorPod } from "../../api/core/pod-annotations.ts";
import type { Draft } from "../../base/json.ts";
import { forbidden } from "../../base/status-error.ts";
import type { Container, Pod, PodSpec, ServiceAccount, VolumeMount } from "../../api/types/core-v1.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import { accessVolume, accessVolumePrefix } from "./access-volume.ts";
import { referencedSecrets, secretsProblem } from "./secret-references.ts";
import type { AdmissionView } from "./view.ts";

/**
 * ServiceAccount: every Pod runs under an account, `default` unless it says which, gets that account's pull secrets if it names none, and
 * finds a token, the cluster's certificate and its namespace in each container. Mirror Pods have no account.
 */
const defaultAccount = "default";
const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const enforceSecretsAnnotation = "kubernetes.io/enforce-mountable-secrets";

/**
 * How many rounds of the runner a Pod waits for its namespace's default account. The controller needs about six from the namespace's
 * commit to the account's; upstream tries ten times, 100 to 200 ms apart.
 */
const roundsMax = 64;

export const serviceAccount: AdmissionPlugin = {
  name: "ServiceAccount",
  prepare(request, view) {
    if (!concerns(request) || isMirror(request) || accountName(podOf(request).spec) !== defaultAccount) return undefined;
    const key = `serviceaccounts/${request.namespace}/${defaultAccount}`;
    if (view.get(key) !== undefined || view.get(`namespaces/${request.namespace}`) === undefined) return undefined;
    return view.appearance(key, roundsMax);
  },
  mutate(request, view) {
    if (!concerns(request)) return;
    const { spec } = podOf(request);
    if (isMirror(request)) return judgeMirror(request, spec);
    const name = accountName(spec);
    spec.serviceAccountName = name;
    spec.serviceAccount = name;
    const account = accountOf(request, name, view);
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountAccess(spec, view);
    if ((spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
      spec.imagePullSecrets = account.imagePullSecrets?.map((secret) => ({ ...secret })) ?? [];
    }
  },
  validate(request, view) {
    if (!concerns(request) || isMirror(request)) return;
    const { spec } = podOf(request);
    const account = accountOf(request, spec.serviceAccountName ?? "", view);
    if (!isTrue(account.metadata.annotations?.[enforceSecretsAnnotation])) return;
    const problem = secretsProblem(spec as PodSpec, account);
    if (problem !== undefined) throw refusal(request, problem);
  },
};

function concerns(request: AdmissionRequest): boolean {
  return request.operation === "CREATE" && request.kind.facts.kind === "Pod" && request.subresource === "";
}

function podOf(request: AdmissionRequest): Draft<Pod> {
  return request.object as unknown as Draft<Pod>;
}

function isMirror(request: AdmissionRequest): boolean {
  return isMirrorPod(podOf(request));
}

function accountName(spec: Draft<PodSpec>): string {
  return spec.serviceAccountName === undefined || spec.serviceAccountName === "" ? defaultAccount : spec.serviceAccountName;
}

function refusal(request: AdmissionRequest, why: string): Error {
  return forbidden(request.kind.facts, request.name, why);
}

function accountOf(request: AdmissionRequest, name: string, view: AdmissionView): ServiceAccount {
  const account = view.get<ServiceAccount>(`serviceaccounts/${request.namespace}/${name}`);
  if (account === undefined) throw refusal(request, `error looking up service account ${request.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`);
  return account;
}

/** Go's idea of a true boolean text. */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["1", "t", "T", "TRUE", "true", "True"].includes(text);
}

/** A container that mounts something at this place already keeps it. */
function mountAccess(spec: Draft<PodSpec>, view: AdmissionView): void {
  const standing = spec.volumes?.find((volume) => volume.name.startsWith(accessVolumePrefix));
  const name = standing?.name ?? accessVolumePrefix + view.suffix();
  let mounted = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])] as Draft<Container>[]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    const mount: Draft<VolumeMount> = { name, readOnly: true, mountPath };
    container.volumeMounts = [...(container.volumeMounts ?? []), mount];
    mounted = true;
  }
  if (mounted && standing === undefined) spec.volumes = [...(spec.volumes ?? []), accessVolume(name)];
}

function judgeMirror(request: AdmissionRequest, spec: Draft<PodSpec>): void {
  if ((spec.serviceAccountName ?? "") !== "") throw refusal(request, "a mirror pod may not reference service accounts");
  if (referencedSecrets(spec as PodSpec).length > 0) throw refusal(request, "a mirror pod may not reference secrets");
  const hasToken = spec.volumes?.some((volume) => volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined));
  if (hasToken === true) throw refusal(request, "a mirror pod may not use ServiceAccountToken volume projections");
}
