import type { FieldError } from "../../base/field-error.ts";
import { parseTime } from "../../base/time.ts";
import { badRequest, invalid } from "../../base/status-error.ts";
import type { ResourceCall } from "../context.ts";
import { plainError } from "../errors.ts";
import type { LogOptions } from "../node-agent.ts";
import { fieldError } from "../option-errors.ts";
import { isTrue } from "../request-info.ts";
import type { ApiResponse } from "../request.ts";
import { textHeaders } from "../respond.ts";
import { integerParameter } from "../write-options.ts";
import { agentOf, chooseContainer, podOf, targetOf, unreachable } from "./container-choice.ts";
import { StartedStream } from "./started-stream.ts";

/** GET of /log: what the container has written, from the agent of its node. A Pod without a node has nothing to say yet. */
export async function log(call: ResourceCall): Promise<ApiResponse> {
  const options = logOptions(call);
  const pod = podOf(call);
  const container = chooseContainer(pod, call.query.get("container") ?? "");
  if ((pod.spec?.nodeName ?? "") === "") return { status: 204, headers: { "cache-control": "no-cache, private" }, body: { type: "none" } };
  const agent = agentOf(call, pod);
  if (agent === undefined) throw plainError(unreachable(call, pod, { verb: "Get", path: "containerLogs", container, query: askedOfNode(call) }));
  const stream = new StartedStream(call.request.signal);
  const done = agent.logs(targetOf(call, pod, container), options, stream);
  await stream.begun(done);
  return { status: 200, headers: textHeaders, body: { type: "stream", start: (sink) => stream.connect(sink) } };
}

/** The options as the server passes them on, by name. */
function askedOfNode({ query }: ResourceCall): (readonly [string, string])[] {
  const flags = ["follow", "previous", "timestamps"].filter((name) => isTrue(query.get(name))).map((name) => [name, "true"] as const);
  const values = ["limitBytes", "sinceSeconds", "sinceTime", "tailLines"].flatMap((name) => (query.get(name) === undefined ? [] : [[name, query.get(name) ?? ""] as const]));
  return [...flags, ...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function logOptions(call: ResourceCall): LogOptions {
  const { query, server } = call;
  const tailLines = integerParameter(query, "tailLines");
  const limitBytes = integerParameter(query, "limitBytes");
  const sinceSeconds = integerParameter(query, "sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const stream = query.get("stream") ?? "";
  const errors: FieldError[] = [];
  const outOfRange = (field: string, value: number, least: number): void =>
    void errors.push(fieldError("FieldValueInvalid", field, `Invalid value: ${value}: must be greater than ${least === 0 ? "or equal to 0" : "0"}`));
  if (tailLines !== undefined && tailLines < 0) outOfRange("tailLines", tailLines, 0);
  if (limitBytes !== undefined && limitBytes < 1) outOfRange("limitBytes", limitBytes, 1);
  if (sinceSeconds !== undefined && sinceTime !== undefined) errors.push(fieldError("FieldValueForbidden", "", "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"));
  else if (sinceSeconds !== undefined && sinceSeconds < 1) outOfRange("sinceSeconds", sinceSeconds, 1);
  if (stream !== "" && stream !== "All" && stream !== "Stdout" && stream !== "Stderr") {
    errors.push(fieldError("FieldValueNotSupported", "stream", `Unsupported value: ${JSON.stringify(stream)}: supported values: "All", "Stderr", "Stdout"`));
  }
  if (errors.length > 0) throw invalid({ group: "", kind: "PodLogOptions" }, call.name, errors);
  const since = sinceSeconds === undefined ? sinceInstant(sinceTime) : server.environment.clock.now() - sinceSeconds * 1000;
  return {
    follow: isTrue(query.get("follow")),
    previous: isTrue(query.get("previous")),
    timestamps: isTrue(query.get("timestamps")),
    stream: stream === "" ? "All" : (stream as LogOptions["stream"]),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(since === undefined ? {} : { since }),
  };
}

function sinceInstant(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const instant = parseTime(text);
  if (instant === undefined) throw badRequest(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`);
  return instant;
}
