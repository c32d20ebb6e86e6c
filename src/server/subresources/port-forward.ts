import { badRequest } from "../../base/status-error.ts";
import type { ResourceCall } from "../context.ts";
import { notImplemented, plainError } from "../errors.ts";
import type { ApiResponse } from "../request.ts";
import { agentOf, podOf, unreachable } from "./container-choice.ts";

/** GET or POST of /portforward: a connection that carries connections to ports of the Pod, made by the agent of its node. */
export function portForward(call: ResourceCall): ApiResponse {
  const pod = podOf(call);
  if ((pod.spec?.nodeName ?? "") === "") throw badRequest(`pod ${call.name} does not have a host assigned`);
  const agent = agentOf(call, pod);
  if (agent === undefined) throw plainError(unreachable(call, pod, { verb: "Get", path: "portForward" }));
  const target = { namespace: call.namespace, pod: call.name, uid: pod.metadata.uid ?? "" };
  const { portForward: connect } = agent;
  if (connect === undefined) throw notImplemented("forwarding of ports by the agent of this node");
  return { status: 101, headers: {}, body: { type: "ports", connect: (port, client) => connect.call(agent, target, port, client) } };
}
