import { notFound } from "../base/status-error.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Verb } from "../api/kind-facts.ts";
import type { Stored } from "../store/contract.ts";
import { unstored } from "./commit.ts";
import type { Handler, ResourceCall } from "./context.ts";
import { listResponse } from "./list-response.ts";
import { objectAnswer } from "./represent.ts";
import { parseSelection, selected } from "./selection.ts";

/** ComponentStatus, deprecated and still asked for: the parts of the control plane, each as well as the process that they all are in. */
const components: readonly string[] = ["controller-manager", "etcd-0", "scheduler"];

export const componentStatusHandlers: { readonly [verb in Verb]?: Handler } = {
  get(call) {
    const name = components.find((component) => component === call.name);
    if (name === undefined) throw notFound(call.kind.facts, call.name);
    return objectAnswer(call, 200, statusOf(call, name).object);
  },
  list(call) {
    const selection = parseSelection(call.kind, call.query.get("labelSelector"), call.query.get("fieldSelector"));
    return listResponse(call, components.map((name) => statusOf(call, name)).filter(({ object }) => selected(selection, call.kind, object)), {});
  },
};

function statusOf({ kind }: ResourceCall, name: string): Stored {
  const object = { kind: kind.facts.kind, apiVersion: kind.ref.apiVersion, metadata: { name }, conditions: [{ type: "Healthy", status: "True", message: "ok" }] };
  return unstored(name, object as unknown as KubeObject);
}
