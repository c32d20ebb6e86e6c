/** Every declared kind and every conversion. Adding a kind is a file of its own and a line here. */
import { controllerRevision } from "./apps/controller-revision.ts";
import { daemonSet } from "./apps/daemon-set.ts";
import { deployment } from "./apps/deployment.ts";
import { replicaSet } from "./apps/replica-set.ts";
import { statefulSet } from "./apps/stateful-set.ts";
import { cronJob } from "./batch/cron-job.ts";
import { job } from "./batch/job.ts";
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
import { eventConversion, eventsEvent } from "./events/event.ts";
import type { KubeObject } from "./kind-ref.ts";
import { priorityClass } from "./scheduling/priority-class.ts";

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
    untyped(pod),
    untyped(podTemplate),
    untyped(replicationController),
    untyped(resourceQuota),
    untyped(secret),
    untyped(serviceAccount),
    untyped(service),
    untyped(controllerRevision),
    untyped(daemonSet),
    untyped(deployment),
    untyped(replicaSet),
    untyped(statefulSet),
    untyped(eventsEvent),
    untyped(cronJob),
    untyped(job),
    untyped(lease),
    untyped(priorityClass),
  ];
}

/** The versions that are not stored in their own form. */
export function allConversions(): readonly KindConversion[] {
  return [eventConversion as unknown as KindConversion];
}

/** Forgets which kind a declaration is for: the server only ever hands it objects of that kind. */
function untyped<T extends KubeObject>(declaration: KindDeclaration<T>): KindDeclaration {
  return declaration as unknown as KindDeclaration;
}
