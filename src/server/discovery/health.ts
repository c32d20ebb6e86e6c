import type { ApiResponse } from "../request.ts";
import { textResponse } from "../respond.ts";

/**
 * `/healthz`, `/livez` and `/readyz` with upstream's checks. A server that answers has come through all of them: what each stands
 * for is done before the first request is taken, so a single check is a name that can be asked for.
 */
const hooks: readonly string[] = [
  "poststarthook/start-apiserver-admission-initializer",
  "poststarthook/generic-apiserver-start-informers",
  "poststarthook/priority-and-fairness-config-consumer",
  "poststarthook/priority-and-fairness-filter",
  "poststarthook/storage-object-count-tracker-hook",
  "poststarthook/start-apiextensions-informers",
  "poststarthook/start-apiextensions-controllers",
  "poststarthook/crd-informer-synced",
  "poststarthook/start-system-namespaces-controller",
  "poststarthook/peer-endpoint-reconciler-controller",
  "poststarthook/start-cluster-authentication-info-controller",
  "poststarthook/start-kube-apiserver-identity-lease-controller",
  "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
  "poststarthook/storage-readiness",
  "poststarthook/start-legacy-token-tracking-controller",
  "poststarthook/start-service-ip-repair-controllers",
  "poststarthook/rbac/bootstrap-roles",
  "poststarthook/scheduling/bootstrap-system-priority-classes",
  "poststarthook/priority-and-fairness-config-producer",
  "poststarthook/bootstrap-controller",
  "poststarthook/start-kubernetes-service-cidr-controller",
  "poststarthook/start-kube-aggregator-informers",
  "poststarthook/apiservice-status-local-available-controller",
  "poststarthook/apiservice-status-remote-available-controller",
  "poststarthook/apiservice-registration-controller",
  "poststarthook/apiservice-discovery-controller",
  "poststarthook/kube-apiserver-autoregistration",
  "autoregister-completion",
  "poststarthook/apiservice-openapi-controller",
  "poststarthook/apiservice-openapiv3-controller",
];

const checks: { readonly [endpoint: string]: readonly string[] } = {
  healthz: ["ping", "log", "loopback-serving-certificate", "etcd", ...hooks],
  livez: ["ping", "log", "loopback-serving-certificate", "etcd", ...hooks],
  readyz: ["ping", "log", "etcd", "etcd-readiness", "informer-sync", ...hooks, "shutdown"],
};

/** The answer under one of the three endpoints, or undefined for a check that does not exist. */
export function healthAnswer(endpoint: string, check: string, options: { verbose: boolean; exclude: readonly string[] }): ApiResponse | undefined {
  const named = checks[endpoint];
  if (named === undefined) return undefined;
  if (check !== "") return named.includes(check) ? textResponse(200, "ok") : undefined;
  if (!options.verbose) return textResponse(200, "ok");
  const lines = named.map((name) => (options.exclude.includes(name) ? `[+]${name} excluded: ok\n` : `[+]${name} ok\n`));
  return textResponse(200, `${lines.join("")}${endpoint} check passed\n`);
}

/** Every path of the health endpoints, for the index. */
export function healthPaths(): readonly string[] {
  return Object.entries(checks).flatMap(([endpoint, names]) => [`/${endpoint}`, ...names.map((name) => `/${endpoint}/${name}`)]);
}

/** `/metrics/slis`: every check, as Prometheus reads it. */
export function healthMetrics(): ApiResponse {
  const names = Object.entries(checks).flatMap(([endpoint, checked]) => checked.map((name) => `kubernetes_healthcheck{name="${name}",type="${endpoint}"} 1\n`));
  return textResponse(200, `# HELP kubernetes_healthcheck The result of each health check: 1 is ok.\n# TYPE kubernetes_healthcheck gauge\n${names.join("")}`);
}
