/** Every declared kind and every conversion. Adding a kind is a file of its own and a line here. */
import { mutatingAdmissionPolicyBinding } from "./admissionregistration/mutating-admission-policy-binding.ts";
import { mutatingAdmissionPolicy } from "./admissionregistration/mutating-admission-policy.ts";
import { mutatingWebhookConfiguration } from "./admissionregistration/mutating-webhook-configuration.ts";
import { validatingAdmissionPolicyBinding } from "./admissionregistration/validating-admission-policy-binding.ts";
import { validatingAdmissionPolicy } from "./admissionregistration/validating-admission-policy.ts";
import { validatingWebhookConfiguration } from "./admissionregistration/validating-webhook-configuration.ts";
import { customResourceDefinition } from "./apiextensions/custom-resource-definition.ts";
import { apiService } from "./apiregistration/api-service.ts";
import { controllerRevision } from "./apps/controller-revision.ts";
import { daemonSet } from "./apps/daemon-set.ts";
import { deployment } from "./apps/deployment.ts";
import { replicaSet } from "./apps/replica-set.ts";
import { statefulSet } from "./apps/stateful-set.ts";
import { autoscalerConversion, horizontalPodAutoscalerV1 } from "./autoscaling/horizontal-pod-autoscaler-v1.ts";
import { horizontalPodAutoscaler } from "./autoscaling/horizontal-pod-autoscaler.ts";
import { cronJob } from "./batch/cron-job.ts";
import { job } from "./batch/job.ts";
import { certificateSigningRequest } from "./certificates/certificate-signing-request.ts";
import type { KindConversion } from "./conversion.ts";
import { lease } from "./coordination/lease.ts";
import { componentStatus } from "./core/component-status.ts";
import { configMap } from "./core/config-map.ts";
import { endpointsKind } from "./core/endpoints.ts";
import { event } from "./core/event.ts";
import { limitRange } from "./core/limit-range.ts";
import { namespace } from "./core/namespace.ts";
import { node } from "./core/node.ts";
import { persistentVolumeClaim } from "./core/persistent-volume-claim.ts";
import { persistentVolume } from "./core/persistent-volume.ts";
import { podTemplate } from "./core/pod-template.ts";
import { pod } from "./core/pod.ts";
import { replicationController } from "./core/replication-controller.ts";
import { resourceQuota } from "./core/resource-quota.ts";
import { secret } from "./core/secret.ts";
import { serviceAccount } from "./core/service-account.ts";
import { service } from "./core/service.ts";
import type { KindDeclaration } from "./declaration.ts";
import { endpointSlice } from "./discovery/endpoint-slice.ts";
import { eventConversion, eventsEvent } from "./events/event.ts";
import { flowSchema } from "./flowcontrol/flow-schema.ts";
import { priorityLevelConfiguration } from "./flowcontrol/priority-level-configuration.ts";
import type { KubeObject } from "./kind-ref.ts";
import { ingressClass } from "./networking/ingress-class.ts";
import { ingress } from "./networking/ingress.ts";
import { ipAddress } from "./networking/ip-address.ts";
import { networkPolicy } from "./networking/network-policy.ts";
import { serviceCIDR } from "./networking/service-cidr.ts";
import { runtimeClass } from "./node/runtime-class.ts";
import { podDisruptionBudget } from "./policy/pod-disruption-budget.ts";
import { clusterRoleBinding } from "./rbac/cluster-role-binding.ts";
import { clusterRole } from "./rbac/cluster-role.ts";
import { roleBinding } from "./rbac/role-binding.ts";
import { role } from "./rbac/role.ts";
import { deviceClass } from "./resource/device-class.ts";
import { resourceClaimTemplate } from "./resource/resource-claim-template.ts";
import { resourceClaim } from "./resource/resource-claim.ts";
import { resourceSlice } from "./resource/resource-slice.ts";
import { priorityClass } from "./scheduling/priority-class.ts";
import { clock } from "./sim/clock.ts";
import { machine } from "./sim/machine.ts";
import { csiDriver } from "./storage/csi-driver.ts";
import { csiNode } from "./storage/csi-node.ts";
import { storageClass } from "./storage/storage-class.ts";
import { volumeAttachment } from "./storage/volume-attachment.ts";
import { volumeAttributesClass } from "./storage/volume-attributes-class.ts";

/** The declarations of all kinds; a kind without one behaves as kinds do by default. */
export function allDeclarations(): readonly KindDeclaration[] {
  return [
    untyped(componentStatus),
    untyped(configMap),
    untyped(endpointsKind),
    untyped(event),
    untyped(limitRange),
    untyped(namespace),
    untyped(node),
    untyped(persistentVolumeClaim),
    untyped(persistentVolume),
    untyped(podTemplate),
    untyped(pod),
    untyped(replicationController),
    untyped(resourceQuota),
    untyped(secret),
    untyped(serviceAccount),
    untyped(service),
    untyped(apiService),
    untyped(controllerRevision),
    untyped(daemonSet),
    untyped(deployment),
    untyped(replicaSet),
    untyped(statefulSet),
    untyped(eventsEvent),
    untyped(horizontalPodAutoscaler),
    untyped(horizontalPodAutoscalerV1),
    untyped(cronJob),
    untyped(job),
    untyped(certificateSigningRequest),
    untyped(ingressClass),
    untyped(ingress),
    untyped(ipAddress),
    untyped(networkPolicy),
    untyped(serviceCIDR),
    untyped(podDisruptionBudget),
    untyped(clusterRoleBinding),
    untyped(clusterRole),
    untyped(roleBinding),
    untyped(role),
    untyped(csiDriver),
    untyped(csiNode),
    untyped(storageClass),
    untyped(volumeAttachment),
    untyped(volumeAttributesClass),
    untyped(mutatingAdmissionPolicy),
    untyped(mutatingAdmissionPolicyBinding),
    untyped(mutatingWebhookConfiguration),
    untyped(validatingAdmissionPolicy),
    untyped(validatingAdmissionPolicyBinding),
    untyped(validatingWebhookConfiguration),
    untyped(customResourceDefinition),
    untyped(priorityClass),
    untyped(lease),
    untyped(runtimeClass),
    untyped(endpointSlice),
    untyped(deviceClass),
    untyped(resourceClaim),
    untyped(resourceClaimTemplate),
    untyped(resourceSlice),
    untyped(flowSchema),
    untyped(priorityLevelConfiguration),
    untyped(clock),
    untyped(machine),
  ];
}

/** The versions that are not stored in their own form. */
export function allConversions(): readonly KindConversion[] {
  return [eventConversion as unknown as KindConversion, autoscalerConversion as unknown as KindConversion];
}

/** Forgets which kind a declaration is for: the server only ever hands it objects of that kind. */
function untyped<T extends KubeObject>(declaration: KindDeclaration<T>): KindDeclaration {
  return declaration as unknown as KindDeclaration;
}
