import type { Environment } from "../base/environment.ts";
import type { Client } from "./client.ts";
import type { EventRecorder } from "./event-recorder.ts";
import type { Informers } from "./informer.ts";

/** What a controller is given. All controllers of a cluster share the informers. */
export interface ControllerContext {
  readonly environment: Environment;
  readonly informers: Informers;
  /** A client under the identity of the controller's service account: `client("daemon-set-controller")`. */
  client(name: string): Client;
  /** Writes events as this component: `recorder("daemonset-controller")`. */
  recorder(component: string): EventRecorder;
}

/** What was started and can be stopped: afterwards it does nothing more. */
export interface Controller {
  stop(): void;
}
