import type { Draft } from "../../base/json.ts";
import type { Container, EphemeralContainer, LifecycleHandler, Pod, PodSpec, PodStatus, PodTemplateSpec, Probe, ResourceRequirements, Volume } from "../types/core-v1.ts";
import { imageTag } from "./image-name.ts";
import { defaultPodResources } from "./pod-resources.ts";

/**
 * What the server fills into Pods and Pod templates. Some defaults exist in Pods only (requests from limits, service links,
 * host ports of the host network), so that templates stay as their authors wrote them. Running twice changes nothing.
 */
type ContainerDraft = Draft<Container> | Draft<EphemeralContainer>;

/** rw-r--r--, as upstream's volumes of files have it. */
const fileMode = 0o644;

export function defaultPod(pod: Draft<Pod>): void {
  const spec = (pod.spec ??= { containers: [] });
  defaultPodSpec(spec);
  for (const container of spec.containers ?? []) requestsFromLimits(container);
  for (const container of spec.initContainers ?? []) requestsFromLimits(container);
  if (spec.resources !== undefined) defaultPodResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork === true) {
    for (const container of spec.containers ?? []) hostPorts(container);
    for (const container of spec.initContainers ?? []) hostPorts(container);
  }
  if (pod.status !== undefined) alignAddresses(pod.status);
}

/** The single address and the first of the list are one; where they differ, the single one counts. */
function alignAddresses(status: Draft<PodStatus>): void {
  const first = status.podIPs?.[0]?.ip ?? "";
  const single = status.podIP ?? "";
  if (single === first) return;
  if (single === "") status.podIP = first;
  else status.podIPs = [{ ip: single }];
}

/** The template inside a workload. */
export function defaultPodTemplate(template: Draft<PodTemplateSpec>): void {
  defaultPodSpec((template.spec ??= { containers: [] }));
}

function defaultPodSpec(spec: Draft<PodSpec>): void {
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.containers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  spec.restartPolicy ||= "Always";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ||= "ClusterFirst";
  // The old name of the field is kept equal to the new one.
  const account = (spec.serviceAccountName ?? "") === "" ? spec.serviceAccount : spec.serviceAccountName;
  if (account !== undefined && account !== "") {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
  spec.securityContext ??= {};
  spec.schedulerName ||= "default-scheduler";
}

function defaultContainer(container: ContainerDraft): void {
  container.imagePullPolicy ||= pullPolicy(container.image ?? "");
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  for (const variable of container.env ?? []) {
    const source = variable.valueFrom;
    if (source === undefined) continue;
    if (source.fieldRef !== undefined) source.fieldRef.apiVersion ||= "v1";
    if (source.fileKeyRef !== undefined) source.fileKeyRef.optional ??= false;
  }
  if (container.livenessProbe !== undefined) defaultProbe(container.livenessProbe);
  if (container.readinessProbe !== undefined) defaultProbe(container.readinessProbe);
  if (container.startupProbe !== undefined) defaultProbe(container.startupProbe);
  if (container.lifecycle?.postStart !== undefined) defaultHandler(container.lifecycle.postStart);
  if (container.lifecycle?.preStop !== undefined) defaultHandler(container.lifecycle.preStop);
}

function pullPolicy(image: string): "Always" | "IfNotPresent" {
  return imageTag(image) === "latest" ? "Always" : "IfNotPresent";
}

function defaultProbe(probe: Draft<Probe>): void {
  defaultHandler(probe);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
}

function defaultHandler(handler: Draft<LifecycleHandler>): void {
  if (handler.httpGet === undefined) return;
  handler.httpGet.path ||= "/";
  handler.httpGet.scheme ||= "HTTP";
}

function defaultVolume(volume: Draft<Volume>): void {
  // `name` alone, which decoding always leaves in place: no source at all.
  if (Object.keys(volume).length <= ("name" in volume ? 1 : 0)) volume.emptyDir = {};
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  if (volume.secret !== undefined) volume.secret.defaultMode ??= fileMode;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= fileMode;
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= fileMode;
    defaultFieldRefs(volume.downwardAPI.items);
  }
  if (volume.projected !== undefined) {
    volume.projected.defaultMode ??= fileMode;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
      if (source.podCertificate !== undefined) source.podCertificate.maxExpirationSeconds ??= 86400;
      defaultFieldRefs(source.downwardAPI?.items);
    }
  }
  if (volume.ephemeral?.volumeClaimTemplate !== undefined) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= "Filesystem";
  if (volume.image !== undefined) volume.image.pullPolicy ||= pullPolicy(volume.image.reference ?? "");
  defaultNetworkVolume(volume);
}

function defaultFieldRefs(items: { fieldRef?: { apiVersion?: string } }[] | undefined): void {
  for (const item of items ?? []) if (item.fieldRef !== undefined) item.fieldRef.apiVersion ||= "v1";
}

function defaultNetworkVolume(volume: Draft<Volume>): void {
  if (volume.iscsi !== undefined) volume.iscsi.iscsiInterface ||= "default";
  if (volume.rbd !== undefined) {
    volume.rbd.pool ||= "rbd";
    volume.rbd.user ||= "admin";
    volume.rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (volume.azureDisk !== undefined) {
    volume.azureDisk.cachingMode ??= "ReadWrite";
    volume.azureDisk.kind ??= "Shared";
    volume.azureDisk.fsType ??= "ext4";
    volume.azureDisk.readOnly ??= false;
  }
  if (volume.scaleIO !== undefined) {
    volume.scaleIO.storageMode ||= "ThinProvisioned";
    volume.scaleIO.fsType ||= "xfs";
  }
}

function requestsFromLimits(container: ContainerDraft): void {
  const resources = container.resources as Draft<ResourceRequirements> | undefined;
  if (resources?.limits === undefined) return;
  resources.requests = withMissing(resources.requests, resources.limits);
}

/** `own` with the entries of `others` that it lacks, keys in order as maps are written. */
function withMissing(own: { [key: string]: string } | undefined, others: { [key: string]: string }): { [key: string]: string } {
  const all = { ...others, ...own };
  const sorted: { [key: string]: string } = {};
  for (const key of Object.keys(all).sort()) sorted[key] = all[key] ?? "";
  return sorted;
}

function hostPorts(container: ContainerDraft): void {
  for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
}
