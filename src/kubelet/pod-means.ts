import type { Environment } from "../base/environment.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { Client } from "../client/client.ts";
import type { EventRecorder } from "../client/event-recorder.ts";
import type { ImagePuller } from "./image-puller.ts";
import type { Failure } from "./pod-status.ts";
import type { PodObjects } from "./objects.ts";
import type { ContainerRuntime, NodeFiles, NodeNetwork, SandboxDns } from "./runtime.ts";

/** What the workers of one node share. */
export interface PodMeans {
  readonly environment: Environment;
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly files: NodeFiles;
  readonly network: NodeNetwork;
  readonly objects: PodObjects;
  readonly puller: ImagePuller;
  readonly nodeName: string;
  readonly hostIps: readonly string[];
  readonly allocatable: { readonly [resource: string]: string };
  /** How a Pod resolves names, by its policy. */
  readonly resolver: (pod: Pod) => SandboxDns;
  readonly clusterDomain: string;
  readonly token: (pod: Pod, audience: string | undefined, expirationSeconds: number) => Promise<string>;
  /** Why this node cannot give a Pod that runs on it what it asks for now. */
  resizeRefusal(pod: Pod): Failure | undefined;
  /** A Pod takes less room on the node than before. */
  roomFreed(): void;
  /** Labels or annotations of the Pod with this uid have changed, and files of it say so. */
  describedAnew(uid: string): void;
  /** The worker of the Pod with this uid has nothing left to do. */
  gone(uid: string): void;
}
