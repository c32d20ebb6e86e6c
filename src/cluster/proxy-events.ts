import type { Environment } from "../base/environment.ts";
import { nodes } from "../api/kinds.ts";
import type { Node } from "../api/types/core-v1.ts";
import { EventRecorder } from "../client/event-recorder.ts";
import { InProcessClient } from "../client/in-process-client.ts";
import type { ApiServer } from "../server/request.ts";
import { controllerUser } from "./identities.ts";

/**
 * What a kube-proxy tells of its node when it begins: one event without a message, in the name of its account. Each is a process of its own,
 * so that a second start is no repetition of the first.
 */
export function tellOfProxies({ environment, server }: { environment: Environment; server: ApiServer }): (node: string) => void {
  const client = new InProcessClient({ server, environment, user: controllerUser("kube-proxy"), fieldManager: "kube-proxy" });
  return (node) => {
    // It knows its node by name only.
    const regarding = { apiVersion: nodes.apiVersion, kind: nodes.kind, metadata: { name: node, uid: node } } as Node;
    new EventRecorder({ client, environment, component: "kube-proxy", host: node }).actionEvent(regarding, "Normal", "Starting", "StartKubeProxy", "", `kube-proxy-${node}`);
  };
}
