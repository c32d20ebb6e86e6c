import { isStatus } from "../../base/status-error.ts";
import { clusterRoles } from "../../api/kinds.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { gatheredRules } from "./plan.ts";

/** Keeps the rules of roles that gather those of others (`admin`, `edit`, `view` and the like) up to date. */
export function startClusterRoleAggregationController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("clusterrole-aggregation-controller");
  const roles = informers.of(clusterRoles);
  const synced = informers.synced();

  async function sync(name: string): Promise<void> {
    await synced;
    const role = roles.get(name);
    if (role === undefined) return;
    const rules = gatheredRules(role, roles.list());
    if (rules === undefined) return;
    try {
      await client.update(clusterRoles, { ...role, rules });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  const queue = new Reconciler({ name: "cluster-role-aggregation", environment, reconcile: sync });
  // Any role may be one that another gathers.
  const stopWatching = roles.onChange(() => {
    for (const role of roles.list()) if (role.aggregationRule !== undefined) queue.add(role.metadata.name);
  });
  return {
    stop() {
      stopWatching();
      queue.stop();
    },
  };
}
