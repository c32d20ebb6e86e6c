import type { ServerContext } from "../context.ts";
import { tableKey } from "../keys.ts";
import type { ApiResponse } from "../request.ts";
import { bytesResponse, encodeText } from "../respond.ts";
import { durationBounds } from "./request-counters.ts";
import type { Series } from "./request-counters.ts";

/** `/metrics`: what the server has counted, as Prometheus reads it (text format 0.0.4). Nothing is told that is not counted. */
const contentType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

type LabelSet = { readonly [name: string]: string | number };

export function metricsAnswer(context: ServerContext): ApiResponse {
  const { counters, gitVersion } = context;
  const series = [...counters.series];
  const lines = [
    ...metric("apiserver_current_inflight_requests", "gauge", "Requests that the server has not answered yet, by what they do.",
      Object.entries(counters.inFlight).map(([kind, count]) => sample({ request_kind: kind }, count))),
    ...metric("apiserver_request_duration_seconds", "histogram", "Seconds of the cluster's clock from a request to its answer.", series.flatMap(histogram)),
    ...metric("apiserver_request_total", "counter", "Requests answered, by verb, resource and status code.",
      series.flatMap(({ labels, byCode }) => [...byCode].map(([code, count]) => sample({ code, component: "apiserver", dry_run: "", ...labels }, count)))),
    ...metric("apiserver_resource_objects", "gauge", "Objects stored, by resource.", stored(context).map(({ group, resource, count }) => sample({ group, resource }, count))),
    ...metric("apiserver_storage_objects", "gauge", "Objects stored, by resource, under the name of former releases.",
      stored(context).map(({ group, resource, count }) => sample({ resource: group === "" ? resource : `${resource}.${group}` }, count))),
    ...metric("kubernetes_build_info", "gauge", "The release that the server speaks as.", [sample({ git_version: gitVersion, major: gitVersion.split(".")[0]?.slice(1) ?? "", minor: gitVersion.split(".")[1] ?? "" }, 1)]),
    ...metric("process_start_time_seconds", "gauge", "When the server began, in seconds since 1970 of the cluster's clock.", [sample({}, counters.started / 1000)]),
  ];
  return bytesResponse(200, { "content-type": contentType, "cache-control": "no-cache, private" }, [encodeText(`${lines.join("\n")}\n`)]);
}

type Sample = (name: string) => string;

function sample(labels: LabelSet, value: number, suffix = ""): Sample {
  const texts = Object.entries(labels).map(([name, text]) => `${name}="${String(text).replaceAll(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`))}"`);
  return (name) => `${name}${suffix}${texts.length === 0 ? "" : `{${texts.join(",")}}`} ${value}`;
}

function metric(name: string, type: "counter" | "gauge" | "histogram", help: string, samples: readonly Sample[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((each) => each(name))];
}

function histogram({ labels, buckets, seconds }: Series): Sample[] {
  if (buckets.length === 0) return [];
  const whole = { component: "apiserver", dry_run: "", ...labels };
  const count = buckets.at(-1) as number;
  return [
    ...buckets.map((value, i) => sample({ ...whole, le: i === durationBounds.length ? "+Inf" : String(durationBounds[i]) }, value, "_bucket")),
    sample(whole, seconds, "_sum"),
    sample(whole, count, "_count"),
  ];
}

function stored({ registry, store }: ServerContext): { readonly group: string; readonly resource: string; readonly count: number }[] {
  return registry
    .all()
    .filter((kind) => kind.storage === kind && kind.facts.verbs.includes("watch"))
    .map((kind) => ({ group: kind.facts.group, resource: kind.facts.plural, count: store.count(`${tableKey(kind)}/`) }));
}
