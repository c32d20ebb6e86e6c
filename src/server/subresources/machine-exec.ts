import { StatusError, notFound } from "../../base/status-error.ts";
import type { ResourceCall } from "../context.ts";
import { keyOf } from "../keys.ts";
import type { ApiResponse, Channels } from "../request.ts";
import { execProtocols, failChannels, streamsOf } from "./exec.ts";

/** GET or POST of /exec of a Machine: a command on the machine itself, with the channels of a Pod's exec. Without a command: a shell. */
export function machineExec(call: ResourceCall): ApiResponse {
  if (call.server.store.get(keyOf(call.kind, "", call.name)) === undefined) throw notFound(call.kind.facts, call.name);
  const console = call.server.machineConsoles(call.name);
  if (console === undefined) throw new StatusError({ code: 503, reason: "ServiceUnavailable", message: `machine ${JSON.stringify(call.name)} is off` });
  const options = { ...streamsOf(call), command: call.query.all("command") };
  const start = (channels: Channels): void => {
    console.exec(options, channels).catch((error: unknown) => failChannels(channels, error));
  };
  return { status: 101, headers: {}, body: { type: "channels", protocols: execProtocols, start } };
}
