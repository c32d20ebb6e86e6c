import type { Partially } from "../base/json.ts";
import { clusterRoleBindings, clusterRoles, configMaps, daemonSets, deployments, endpointSlices, endpoints, roleBindings, roles, serviceAccounts, services } from "../api/kinds.ts";
import type { KindRef, KubeObject } from "../api/kind-ref.ts";
import type { DaemonSet, Deployment } from "../api/types/apps-v1.ts";
import type { PodSpec, Service } from "../api/types/core-v1.ts";
import { apiPort } from "../server/bootstrap/objects.ts";
import { machineAddress } from "../sim/machine.ts";
import { coreFile, kubeProxyConfig, kubeProxyKubeconfig } from "./system-configuration.ts";

/**
 * What a kubeadm cluster holds beside its control plane: the way to the API server, the service proxy and the agent of the Pod network on every
 * node, and the name server of the cluster. Their containers are programs of the simulated catalogue.
 */
const namespace = "kube-system";

/** One object to be created. */
export interface SystemObject {
  readonly kind: KindRef;
  readonly object: Partially<KubeObject>;
}

function one<T extends KubeObject>(kind: KindRef<T>, object: Partially<T>): SystemObject {
  return { kind, object: { ...(object as object), apiVersion: kind.apiVersion, kind: kind.kind } };
}

/** In order of creation: what others refer to comes first. */
export function systemObjects(): readonly SystemObject[] {
  return [...apiServerObjects(), ...kubeProxy(), ...networkAgent(), ...clusterDns()];
}

/** Where the Service `kubernetes` leads. */
export function apiServerObjects(): SystemObject[] {
  const address = machineAddress(0);
  const ports = [{ name: "https", port: apiPort, protocol: "TCP" as const }];
  const metadata = { name: "kubernetes", namespace: "default" };
  return [
    one(endpoints, { metadata: { ...metadata, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } }, subsets: [{ addresses: [{ ip: address }], ports }] }),
    one(endpointSlices, { metadata: { ...metadata, labels: { "kubernetes.io/service-name": "kubernetes" } }, addressType: "IPv4", endpoints: [{ addresses: [address], conditions: { ready: true } }], ports }),
  ];
}

function kubeProxy(): SystemObject[] {
  const name = "kube-proxy";
  const account = { kind: "ServiceAccount", name, namespace };
  const group = "rbac.authorization.k8s.io";
  return [
    one(serviceAccounts, { metadata: { name, namespace } }),
    one(configMaps, { metadata: { name, namespace, labels: { app: name } }, data: { "config.conf": kubeProxyConfig, "kubeconfig.conf": kubeProxyKubeconfig } }),
    one(clusterRoleBindings, { metadata: { name: "kubeadm:node-proxier" }, roleRef: { apiGroup: group, kind: "ClusterRole", name: "system:node-proxier" }, subjects: [account] }),
    one(roles, { metadata: { name, namespace }, rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [name], verbs: ["get"] }] }),
    one(roleBindings, { metadata: { name, namespace }, roleRef: { apiGroup: group, kind: "Role", name }, subjects: [{ kind: "Group", name: "system:bootstrappers:kubeadm:default-node-token", apiGroup: group }] }),
    agent(name, {
      nodeSelector: { "kubernetes.io/os": "linux" },
      serviceAccountName: name,
      containers: [
        {
          name,
          image: "registry.k8s.io/kube-proxy:v1.36.3",
          imagePullPolicy: "IfNotPresent",
          command: ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", "--hostname-override=$(NODE_NAME)"],
          env: nodeNameVariable,
          securityContext: { privileged: true },
          volumeMounts: [
            { name, mountPath: "/var/lib/kube-proxy" },
            { name: "xtables-lock", mountPath: "/run/xtables.lock" },
            { name: "lib-modules", mountPath: "/lib/modules", readOnly: true },
          ],
        },
      ],
      volumes: [
        { name, configMap: { name } },
        { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
        { name: "lib-modules", hostPath: { path: "/lib/modules" } },
      ],
    }),
  ];
}

function networkAgent(): SystemObject[] {
  const name = "coracle-net";
  return [agent(name, { containers: [{ name, image: "registry.k8s.io/coracle-net:v0.1.0", imagePullPolicy: "IfNotPresent", command: ["/bin/coracle-net"], env: nodeNameVariable }] })];
}

const nodeNameVariable = [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }];

function agent(name: string, podSpec: Partially<PodSpec>): SystemObject {
  const labels = { "k8s-app": name };
  const spec: Partially<DaemonSet["spec"]> = {
    selector: { matchLabels: labels },
    updateStrategy: { type: "RollingUpdate" },
    template: { metadata: { labels }, spec: { priorityClassName: "system-node-critical", hostNetwork: true, tolerations: [{ operator: "Exists" }], ...podSpec } },
  };
  return one(daemonSets, { metadata: { name, namespace, labels }, spec });
}

function clusterDns(): SystemObject[] {
  const name = "coredns";
  const labels = { "k8s-app": "kube-dns" };
  const read = ["list", "watch"];
  const roleName = "system:coredns";
  const rules = [
    { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: read },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  ];
  const ports: Partially<Service["spec"]>["ports"] = [
    { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
    { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
    { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
  ];
  const annotations = { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" };
  return [
    one(serviceAccounts, { metadata: { name, namespace } }),
    one(clusterRoles, { metadata: { name: roleName }, rules }),
    one(clusterRoleBindings, { metadata: { name: roleName }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: roleName }, subjects: [{ kind: "ServiceAccount", name, namespace }] }),
    one(configMaps, { metadata: { name, namespace }, data: { Corefile: coreFile } }),
    one(services, {
      metadata: { name: "kube-dns", namespace, annotations, labels: { ...labels, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" } },
      spec: { clusterIP: "10.96.0.10", ports, selector: labels },
    }),
    one(deployments, {
      metadata: { name, namespace, labels },
      spec: { replicas: 2, strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } }, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: coreDnsPod(labels) } },
    }),
  ];
}

function coreDnsPod(labels: { readonly [key: string]: string }): Partially<Deployment["spec"]["template"]["spec"]> {
  return {
    priorityClassName: "system-cluster-critical",
    serviceAccountName: "coredns",
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: { labelSelector: { matchExpressions: [{ key: "k8s-app", operator: "In", values: [labels["k8s-app"] as string] }] }, topologyKey: "kubernetes.io/hostname" } }] } },
    tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }, { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    nodeSelector: { "kubernetes.io/os": "linux" },
    dnsPolicy: "Default",
    containers: [
      {
        name: "coredns",
        image: "registry.k8s.io/coredns/coredns:v1.12.4",
        imagePullPolicy: "IfNotPresent",
        args: ["-conf", "/etc/coredns/Corefile"],
        resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
        volumeMounts: [{ name: "config-volume", mountPath: "/etc/coredns", readOnly: true }],
        ports: [
          { containerPort: 53, name: "dns", protocol: "UDP" },
          { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
          { containerPort: 9153, name: "metrics", protocol: "TCP" },
          { containerPort: 8080, name: "liveness-probe", protocol: "TCP" },
          { containerPort: 8181, name: "readiness-probe", protocol: "TCP" },
        ],
        livenessProbe: { httpGet: { path: "/health", port: "liveness-probe", scheme: "HTTP" }, initialDelaySeconds: 60, timeoutSeconds: 5, successThreshold: 1, failureThreshold: 5 },
        readinessProbe: { httpGet: { path: "/ready", port: "readiness-probe", scheme: "HTTP" } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] }, readOnlyRootFilesystem: true },
      },
    ],
    volumes: [{ name: "config-volume", configMap: { name: "coredns", items: [{ key: "Corefile", path: "Corefile" }] } }],
  };
}
