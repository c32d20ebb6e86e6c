import { badRequest, internalError, StatusError } from "../../base/status-error.ts";
import type { Status } from "../../base/status-error.ts";
import type { ResourceCall } from "../context.ts";
import type { ContainerTarget, ExecOptions, NodeAgent } from "../node-agent.ts";
import { isTrue } from "../request-info.ts";
import type { ApiResponse, Channels } from "../request.ts";
import { encodeText } from "../respond.ts";
import { agentOf, chooseContainer, podOf, targetOf, unreachable } from "./container-choice.ts";

/** GET or POST of /exec and /attach: a connection with numbered channels to the agent of the Pod's node. */
export function exec(call: ResourceCall): ApiResponse {
  const command = call.query.all("command");
  return connect(call, "exec", (agent, target, channels) => agent.exec(target, { ...streamsOf(call), command }, channels));
}

export function attach(call: ResourceCall): ApiResponse {
  return connect(call, "attach", (agent, target, channels) => agent.attach(target, { ...streamsOf(call), command: [] }, channels));
}

/** Subprotocols of numbered channels, best first. */
export const execProtocols: readonly string[] = ["v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io"];
const errorChannel = 3;

function connect(call: ResourceCall, path: string, run: (agent: NodeAgent, target: ContainerTarget, channels: Channels) => Promise<void>): ApiResponse {
  const pod = podOf(call);
  const container = chooseContainer(pod, call.query.get("container") ?? "");
  if ((pod.spec?.nodeName ?? "") === "") throw badRequest(`pod ${call.name} does not have a host assigned`);
  const agent = agentOf(call, pod);
  const start = (channels: Channels): void => {
    if (agent === undefined) return failChannels(channels, internalError(`error sending request: ${unreachable(call, pod, { verb: "Post", path, container, query: askedOfNode(call) })}`));
    run(agent, targetOf(call, pod, container), channels).catch((error: unknown) => failChannels(channels, error));
  };
  return { status: 101, headers: {}, body: { type: "channels", protocols: execProtocols, start } };
}

/** The command and the streams as the server passes them on, by name. */
function askedOfNode(call: ResourceCall): (readonly [string, string])[] {
  const { stdin, stdout, stderr, tty } = streamsOf(call);
  const streams = [["error", stderr && !tty], ["input", stdin], ["output", stdout], ["tty", tty]] as const;
  return [...call.query.all("command").map((word) => ["command", word] as const), ...streams.filter(([, isOn]) => isOn).map(([name]) => [name, "1"] as const)];
}

/** By now the connection is open: a refusal travels on the error channel. */
export function failChannels(channels: Channels, error: unknown): void {
  const status: Status = (error instanceof StatusError ? error : internalError(error instanceof Error ? error.message : String(error))).status;
  channels.send(errorChannel, encodeText(JSON.stringify(status)));
  channels.close();
}

export function streamsOf({ query }: ResourceCall): Omit<ExecOptions, "command"> {
  // Upstream's parameters say true for stdout and stderr when they are left out.
  const on = (name: string, byDefault: boolean): boolean => (query.has(name) ? isTrue(query.get(name)) : byDefault);
  return { stdin: on("stdin", false), stdout: on("stdout", true), stderr: on("stderr", true), tty: on("tty", false) };
}
