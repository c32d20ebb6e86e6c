import { StatusError } from "../base/status-error.ts";
import type { Query } from "./query.ts";
import type { ApiRequest } from "./request.ts";

/** In what form the client wants its answer, from the Accept header. */
export interface Representation {
  readonly encoding: "json" | "yaml";
  readonly as: "object" | "table" | "partial";
  readonly pretty: boolean;
}

const plainJson: Representation = Object.freeze({ encoding: "json", as: "object", pretty: false });

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What upstream's router knows, whatever stands behind it. */
const routable = new Set(["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/*", "*/*"]);

interface NegotiateOptions {
  readonly accept: string | undefined;
  /** Whether lists and objects can be answered as Table or PartialObjectMetadata. */
  readonly convertible: boolean;
  /** Whether there are columns for it: what is only asked and answered has none. */
  readonly tables?: boolean;
  readonly pretty: boolean;
}

/** Programs whose answers people read as they come. */
const readers = /^(?:curl|Wget|Mozilla\/5\.0)/;
/** What Go's parser of booleans takes for true. */
const affirmative = /^(?:1|t|T|TRUE|true|True)$/;

/** Whether JSON is indented: as the query says, or else for browsers, curl and wget. */
export function wantsPretty({ headers }: Pick<ApiRequest, "headers">, query: Query): boolean {
  const asked = query.get("pretty") ?? "";
  return asked === "" ? readers.test(headers["user-agent"] ?? "") : affirmative.test(asked);
}

/** Throws 406 in upstream's words when nothing that is asked for can be had. */
export function negotiate(options: NegotiateOptions): Representation {
  const { accept, convertible, tables = true, pretty } = options;
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") {
    return pretty ? { ...plainJson, pretty } : plainJson;
  }
  const clauses = parseAccept(accept);
  if (!clauses.some(({ type }) => routable.has(type))) throw unroutable();
  for (const { type, parameters } of clauses) {
    const encoding = encodingOf(type, parameters);
    if (encoding === undefined) continue;
    const as = parameters.get("as");
    if (as === undefined) return { encoding, as: "object", pretty };
    if (!convertible || parameters.get("g") !== "meta.k8s.io") continue;
    const version = parameters.get("v");
    if (version !== "v1" && version !== "v1beta1") continue;
    if (as === "Table" && tables) return { encoding, as: "table", pretty };
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return { encoding, as: "partial", pretty };
  }
  throw new StatusError({
    code: 406,
    reason: "NotAcceptable",
    message: "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  });
}

function encodingOf(type: string, parameters: ReadonlyMap<string, string>): "json" | "yaml" | undefined {
  const stream = parameters.get("stream");
  if (stream !== undefined && stream !== "watch") return undefined;
  switch (type) {
    case "application/json":
    case "application/*":
    case "*/*":
      return "json";
    case "application/yaml":
      return "yaml";
    default:
      return undefined;
  }
}

/** In order of preference: by q, then as written. */
export function parseAccept(accept: string): readonly Clause[] {
  const clauses = accept.split(",").map((text) => {
    const [type, ...rest] = text.split(";");
    const parameters = new Map<string, string>();
    for (const parameter of rest) {
      const equals = parameter.indexOf("=");
      if (equals > 0) parameters.set(parameter.slice(0, equals).trim(), parameter.slice(equals + 1).trim());
    }
    return { type: (type ?? "").trim().toLowerCase(), parameters, quality: Number(parameters.get("q") ?? 1) };
  });
  return clauses.some(({ quality }) => quality !== 1) ? clauses.toSorted((a, b) => b.quality - a.quality) : clauses;
}

function unroutable(): StatusError {
  return new StatusError({
    code: 406,
    reason: "NotAcceptable",
    message:
      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    details: {},
  });
}
