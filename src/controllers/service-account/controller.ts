import { isStatus } from "../../base/status-error.ts";
import { namespaces, serviceAccounts } from "../../api/kinds.ts";
import type { Controller, ControllerContext } from "../../client/controller-context.ts";
import { Reconciler } from "../../client/reconciler.ts";
import { isNamespaceEnding } from "../creation-failure.ts";
import { defaultName, needsAccount } from "./plan.ts";

/** Gives every namespace its `default` service account, again when somebody deletes it, until the namespace itself goes. */
export function startServiceAccountController(context: ControllerContext): Controller {
  const { environment, informers } = context;
  const client = context.client("service-account-controller");
  const spaces = informers.of(namespaces);
  const accounts = informers.of(serviceAccounts);
  const synced = informers.synced();

  async function sync(namespace: string): Promise<void> {
    await synced;
    if (!needsAccount(spaces.get(namespace), accounts.get(`${namespace}/${defaultName}`))) return;
    try {
      await client.create(serviceAccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: defaultName, namespace } });
    } catch (error) {
      if (!isStatus(error, "AlreadyExists") && !isNamespaceEnding(error)) throw error;
    }
  }

  const queue = new Reconciler({ name: "service-account", environment, reconcile: sync });
  const stops = [
    spaces.onChange((current) => {
      if (current) queue.add(current.metadata.name);
    }),
    accounts.onChange((current, previous) => {
      if (!current && previous?.metadata.name === defaultName) queue.add(previous.metadata.namespace ?? "");
    }),
  ];
  return {
    stop() {
      for (const stop of stops) stop();
      queue.stop();
    },
  };
}
