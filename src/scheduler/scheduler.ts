import { namespaces as namespaceKind, nodes as nodeKind, podDisruptionBudgets, pods as podKind, services as serviceKind } from "../api/kinds.ts";
import type { Client } from "../client/client.ts";
import type { Controller, ControllerContext } from "../client/controller-context.ts";
import { Attempts } from "./attempts.ts";
import { Changes } from "./changes.ts";
import { ClaimKeeper } from "./claim-keeper.ts";
import { usesClaim } from "./claims.ts";
import { DecisionWriter } from "./decision-writer.ts";
import { Placements } from "./placements.ts";
import { SchedulingQueue } from "./queue.ts";

/** Client of the user system:kube-scheduler, and where its events say they come from. */
export interface SchedulerOptions {
  readonly context: ControllerContext;
  readonly client: Client;
  /** The host part of `reportingInstance`. */
  readonly host: string;
}

/**
 * Places Pods: one at a time, by priority and order of arrival. A Pod counts on its node from the decision on, before the
 * binding is in the view, so two decisions never take the same room. Bindings are sent without waiting for each other.
 */
export function startScheduler(options: SchedulerOptions): Controller {
  const { context, client } = options;
  const { environment, informers } = context;
  const random = environment.random.fork("scheduler");
  const namespaces = informers.of(namespaceKind);
  const namespaceLabels = (name: string) => namespaces.get(name)?.metadata.labels;
  const budgets = informers.of(podDisruptionBudgets);
  const services = informers.of(serviceKind);
  const placements = new Placements();
  let stopped = false;
  let pumping = false;
  const queue = new SchedulingQueue({ environment, onActive: () => pump() });
  const claims = new ClaimKeeper({
    context,
    client,
    claimChanged: (claim) => queue.wakeWhere(({ wanted }) => usesClaim(wanted.pod, claim)),
    volumesChanged: () => queue.wakeWhere(({ lacking }) => lacking.has("volumes")),
  });
  const attempts = new Attempts({ environment, random, queue, placements, claims, writer: new DecisionWriter(options), namespaceLabels, servicesOf: (namespace) => services.list(namespace), budgets: () => budgets.list() });
  const changes = new Changes({ queue, placements, attempts, namespaceLabels });

  /** Each Pod has a step of its own. */
  function pump(): void {
    if (pumping || stopped) return;
    pumping = true;
    environment.runner.post(() => {
      pumping = false;
      const waiting = stopped ? undefined : queue.take();
      if (!waiting) return;
      attempts.look(waiting);
      pump();
    });
  }

  const stopNodes = informers.of(nodeKind).onChange((current, previous) => changes.onNode(current, previous));
  const stopPods = informers.of(podKind).onChange((current, previous) => changes.onPod(current, previous));
  return {
    stop() {
      stopped = true;
      stopNodes();
      stopPods();
      claims.stop();
    },
  };
}
