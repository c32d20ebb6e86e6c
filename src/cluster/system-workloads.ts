import type { Partially } from "../base/json.ts";
import type { DaemonSet } from "../api/types/apps-v1.ts";

/**
 * The DaemonSets of kube-system that a kubeadm cluster has on every node: the service proxy and the agent of the Pod network.
 * Their containers are long-running programs of the simulated catalogue.
 */
export function systemDaemonSets(): readonly Partially<DaemonSet>[] {
  return [
    agent({ name: "kube-proxy", image: "registry.k8s.io/kube-proxy:v1.36.3", command: ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", "--hostname-override=$(NODE_NAME)"], nodeSelector: { "kubernetes.io/os": "linux" } }),
    agent({ name: "coracle-net", image: "registry.k8s.io/coracle-net:v0.1.0", command: ["/bin/coracle-net"] }),
  ];
}

function agent(options: { name: string; image: string; command: readonly string[]; nodeSelector?: { readonly [key: string]: string } }): Partially<DaemonSet> {
  const labels = { "k8s-app": options.name };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: options.name, namespace: "kube-system", labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate" },
      template: {
        metadata: { labels },
        spec: {
          priorityClassName: "system-node-critical",
          hostNetwork: true,
          ...(options.nodeSelector === undefined ? {} : { nodeSelector: options.nodeSelector }),
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: options.name,
              image: options.image,
              imagePullPolicy: "IfNotPresent",
              command: options.command,
              env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
            },
          ],
        },
      },
    },
  };
}
