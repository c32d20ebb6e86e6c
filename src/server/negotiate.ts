import { StatusError } from "../base/status-error.ts";
import type { Query } from "./query.ts";
import type { ApiRequest } from "./request.ts";

export type Encoding = "json" | "yaml" | "protobuf";

/** In what form the client wants its answer, from the Accept header. */
export interface Representation {
  readonly encoding: Encoding;
  readonly as: "object" | "table" | "partial";
  readonly pretty: boolean;
}

const plainJson: Representation = Object.freeze({ encoding: "json", as: "object", pretty: false });

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const protobufType = "application/vnd.kubernetes.protobuf";
/** What upstream's router knows, whatever stands behind it. */
const routable = new Set(["application/json", "application/yaml", protobufType, "application/*", "*/*"]);

interface NegotiateOptions {
  readonly accept: string | undefined;
  /** Whether lists and objects can be answered as Table or PartialObjectMetadata. */
  readonly convertible: boolean;
  /** Whether there are columns for it: what is only asked and answered has none. */
  readonly tables?: boolean;
  /** Whether a message stands for it. */
  readonly protobuf?: boolean;
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
  const { accept, convertible, tables = true, protobuf = false, pretty } = options;
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") {
    return pretty ? { ...plainJson, pretty } : plainJson;
  }
  const clauses = parseAccept(accept);
  if (!clauses.some(({ type }) => routable.has(type))) throw unroutable();
  for (const { type, parameters } of clauses) {
    const encoding = encodingOf(type, parameters);
    const as = encoding && formOf(parameters, convertible);
    if (encoding && as && (as !== "table" || tables)) return { encoding, as, pretty };
  }
  // Bytes of JSON are made once for all readers, those of protobuf for each: only who can read nothing else gets these.
  for (const { type, parameters } of protobuf ? clauses : []) {
    const as = type === protobufType ? formOf(parameters, convertible) : undefined;
    if (as && as !== "table") return { encoding: "protobuf", as, pretty: false };
  }
  throw new StatusError({
    code: 406,
    reason: "NotAcceptable",
    message: "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  });
}

/** What a clause asks for; undefined: something that there is not. */
function formOf(parameters: Clause["parameters"], convertible: boolean): Representation["as"] | undefined {
  const as = parameters.get("as");
  if (as === undefined) return "object";
  const version = parameters.get("v");
  if (!convertible || parameters.get("g") !== "meta.k8s.io" || (version !== "v1" && version !== "v1beta1")) return undefined;
  if (as === "Table") return "table";
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList" ? "partial" : undefined;
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
