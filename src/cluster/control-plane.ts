import type { Environment } from "../base/environment.ts";
import type { ControllerContext, Controller } from "../client/controller-context.ts";
import { EventRecorder } from "../client/event-recorder.ts";
import { InProcessClient } from "../client/in-process-client.ts";
import { Informers } from "../client/informer.ts";
import type { ApiServer, UserInfo } from "../server/request.ts";
import { startCertificateSigningController } from "../controllers/certificate-signing/controller.ts";
import type { CertificateSigner } from "../controllers/certificate-signing/plan.ts";
import { startClusterRoleAggregationController } from "../controllers/cluster-role-aggregation/controller.ts";
import { startCronJobController } from "../controllers/cronjob/controller.ts";
import { startDaemonSetController } from "../controllers/daemonset/controller.ts";
import { startDeploymentController } from "../controllers/deployment/controller.ts";
import { startEndpointSliceController } from "../controllers/endpoint-slice/controller.ts";
import { startEndpointSliceMirroringController } from "../controllers/endpoint-slice/mirroring-controller.ts";
import { startEndpointsController } from "../controllers/endpoints/controller.ts";
import { startDisruptionBudgetController } from "../controllers/disruption-budget/controller.ts";
import { startEphemeralVolumeController } from "../controllers/ephemeral-volume/controller.ts";
import { startGarbageCollector } from "../controllers/garbage-collector/controller.ts";
import { startHorizontalPodAutoscalerController } from "../controllers/horizontal-pod-autoscaler/controller.ts";
import { startJobController } from "../controllers/job/controller.ts";
import { startNamespaceController } from "../controllers/namespace/controller.ts";
import { startNodeLifecycleController } from "../controllers/node-lifecycle/controller.ts";
import { startPersistentVolumeController } from "../controllers/persistent-volume/controller.ts";
import { startPodGcController } from "../controllers/pod-gc/controller.ts";
import { startReplicaSetController, startReplicationController } from "../controllers/replicaset/controller.ts";
import { startResourceQuotaController } from "../controllers/resource-quota/controller.ts";
import { startRootCaController } from "../controllers/root-ca/controller.ts";
import { startServiceAccountController } from "../controllers/service-account/controller.ts";
import { startTaintEvictionController } from "../controllers/taint-eviction/controller.ts";
import { startTtlAfterFinishedController } from "../controllers/ttl-after-finished/controller.ts";
import { startClaimProtectionController, startVolumeProtectionController } from "../controllers/volume-protection/controller.ts";
import { startScheduler } from "../scheduler/scheduler.ts";
import { controllerManagerUser, controllerUser, schedulerUser } from "./identities.ts";

export interface ControlPlaneOptions {
  readonly environment: Environment;
  readonly server: ApiServer;
  /** What kube-root-ca.crt publishes. */
  readonly caPem: string;
  readonly hostName: string;
  /** Absent: nobody signs requests for certificates. */
  readonly certificateSigner?: CertificateSigner;
}

/** Every controller and the scheduler, over one set of informers, each under upstream's identity. */
export interface ControlPlane {
  readonly informers: Informers;
  stop(): void;
}

/** Starts every controller and the scheduler, each under upstream's identity; they share one set of informers. */
export function startControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { environment, server } = options;
  const clientOf = (user: UserInfo, fieldManager: string): InProcessClient => new InProcessClient({ server, environment, user, fieldManager });
  const manager = clientOf(controllerManagerUser, "kube-controller-manager");
  const informers = new Informers({ client: manager, environment });
  const context: ControllerContext = {
    environment,
    informers,
    client: (name) => clientOf(controllerUser(name), "kube-controller-manager"),
    recorder: (component) => new EventRecorder({ client: component === "default-scheduler" ? scheduler : manager, environment, component }),
  };
  const scheduler = clientOf(schedulerUser, "kube-scheduler");
  const running: Controller[] = [
    startNamespaceController(context),
    startServiceAccountController(context),
    startClusterRoleAggregationController(context),
    startRootCaController(context, { caPem: options.caPem }),
    startNodeLifecycleController(context),
    startTaintEvictionController(context),
    startPodGcController(context),
    startDaemonSetController(context),
    startReplicaSetController(context),
    startReplicationController(context),
    startDeploymentController(context),
    startEndpointSliceController(context),
    startEndpointSliceMirroringController(context),
    startEndpointsController(context),
    startDisruptionBudgetController(context),
    startHorizontalPodAutoscalerController(context),
    startResourceQuotaController(context),
    startJobController(context),
    startCronJobController(context),
    startTtlAfterFinishedController(context),
    startEphemeralVolumeController(context),
    startPersistentVolumeController(context),
    startVolumeProtectionController(context),
    startClaimProtectionController(context),
    startGarbageCollector(context),
    ...(options.certificateSigner === undefined ? [] : [startCertificateSigningController(context, { signer: options.certificateSigner })]),
    startScheduler({ context, client: scheduler, host: options.hostName }),
  ];
  return {
    informers,
    stop() {
      for (const controller of running) controller.stop();
      informers.stop();
    },
  };
}
