/**
 * The parameters of requests, as data. `shared` is the name under which the v2 document keeps a parameter that many operations have;
 * clients know these names, so they are upstream's.
 */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly type: "string" | "boolean" | "integer";
  readonly text: string;
  readonly shared?: string;
}

type Type = Parameter["type"];

function query(name: string, type: Type, text: string, shared?: string): Parameter {
  return { name, in: "query", type, text, ...(shared === undefined ? {} : { shared: `${name}-${shared}` }) };
}

export const pathNamespace: Parameter = { name: "namespace", in: "path", type: "string", text: "The namespace in which the object lives.", shared: "namespace-vgWSWtn3" };
export const pathRest: Parameter = { name: "path", in: "path", type: "string", text: "What follows, passed on as it is.", shared: "path-z6Ciiujn" };

/** The name of an object of that kind. */
export function pathName(kind: string): Parameter {
  return { name: "name", in: "path", type: "string", text: `The name of the ${kind}.` };
}

export const pretty: Parameter = query("pretty", "string", "If 'true', the answer is indented for reading.", "tJGM1-ng");

const continueToken = query("continue", "string", "The token of the previous page: the list goes on after it, as it was then. Expired tokens are answered with 410.", "QfD61s0i");
const fieldSelector = query("fieldSelector", "string", "Only objects whose fields have these values, such as metadata.name=web. Each kind tells which fields can be asked for.", "xIcQKXFG");
const labelSelector = query("labelSelector", "string", "Only objects whose labels fit, such as app=web,tier!=db.", "5Zw57w4C");
const limit = query("limit", "integer", "At most this many objects in one answer; the rest is had with the continue token.", "1NfNmdNH");
const resourceVersion = query("resourceVersion", "string", "The state to read, or the change after which to watch. Unset: the newest.", "5WAnf1kx");
const resourceVersionMatch = query("resourceVersionMatch", "string", "How resourceVersion is meant: Exact, or NotOlderThan.", "t8XhRHeC");
const sendInitialEvents = query(
  "sendInitialEvents",
  "boolean",
  "A watch begins with the objects that are there, then a bookmark that says so. Needs resourceVersionMatch=NotOlderThan.",
  "rLXlEK_k",
);
const shardSelector = query("shardSelector", "string", "Only the part of the objects that this selector of shards names.", "Kgyki_3_");
const timeoutSeconds = query("timeoutSeconds", "integer", "The call, a watch too, ends after so many seconds.", "yvYezaOC");

/** Of lists and watches, in the order of names. */
export const listParameters: readonly Parameter[] = [
  query("allowWatchBookmarks", "boolean", "A watch also sends bookmarks: events that only tell how far it has come.", "HC2hJt-J"),
  continueToken,
  fieldSelector,
  labelSelector,
  limit,
  resourceVersion,
  resourceVersionMatch,
  sendInitialEvents,
  shardSelector,
  timeoutSeconds,
  query("watch", "boolean", "Changes are sent as they happen, instead of one list.", "XNNPZGbK"),
];

const dryRun = query("dryRun", "string", "'All' runs every check and answers as usual, but nothing is stored.");
const fieldValidation = query("fieldValidation", "string", "What unknown and repeated fields do: Ignore them, Warn about them (default), or be an error under Strict.");
const fieldManager = query("fieldManager", "string", "The name under which the written fields are kept in managedFields; by default the client's own.", "Qy4HdaTW");

export const writeParameters: readonly Parameter[] = [dryRun, fieldManager, fieldValidation];

export const patchParameters: readonly Parameter[] = [
  dryRun,
  { ...fieldManager, text: "The name under which the written fields are kept in managedFields. Server-side apply must say it.", shared: "fieldManager-7c6nTn1T" },
  fieldValidation,
  query("force", "boolean", "Server-side apply takes fields that others own. For apply patches only.", "tOGGb0Yi"),
];

export const deleteParameters: readonly Parameter[] = [
  dryRun,
  query("gracePeriodSeconds", "integer", "Seconds that the object has to end; 0 ends it now. Unset: what the kind or the object says.", "-K5HaBOS"),
  query(
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "boolean",
    "An object that can no longer be read from the store is taken out all the same, without finalizers or hooks.",
    "QbNkfIqj",
  ),
  query("orphanDependents", "boolean", "Old form of propagationPolicy: true leaves dependents behind. At most one of the two may be set.", "uRB25kX5"),
  query("propagationPolicy", "string", "What becomes of dependents: Orphan leaves them, Background deletes them afterwards, Foreground before the object.", "6jk3prlO"),
];

export const deleteCollectionParameters: readonly Parameter[] = [
  continueToken,
  fieldSelector,
  labelSelector,
  limit,
  resourceVersion,
  resourceVersionMatch,
  sendInitialEvents,
  shardSelector,
  timeoutSeconds,
  ...deleteParameters,
];

const passedOn = "The path to ask for there.";

/** Parameters of subresources, by the kind that holds them. */
export const optionParameters: { readonly [optionsKind: string]: readonly Parameter[] } = {
  PodAttachOptions: [
    query("container", "string", "The container to attach to; may be left out when the Pod has one.", "_Q-EJ3nR"),
    query("stderr", "boolean", "Standard error comes through. Default true.", "26jJhFUR"),
    query("stdin", "boolean", "Standard input goes through. Default false.", "sEFnN3IS"),
    query("stdout", "boolean", "Standard output comes through. Default true.", "005YMKE6"),
    query("tty", "boolean", "The container has a terminal, and its output comes as one stream. Default false.", "g7MlET_l"),
  ],
  PodExecOptions: [
    query("command", "string", "The program and its arguments, one parameter each; no shell is put in between.", "Py3eQybp"),
    query("container", "string", "The container to run in; may be left out when the Pod has one.", "i5dOmRiM"),
    query("stderr", "boolean", "Standard error comes through.", "W_1TNlWc"),
    query("stdin", "boolean", "Standard input goes through. Default false.", "PSzNhyUC"),
    query("stdout", "boolean", "Standard output comes through.", "-EZLRwV1"),
    query("tty", "boolean", "The program gets a terminal. Default false.", "s0flW37O"),
  ],
  PodLogOptions: [
    query("container", "string", "The container whose log is read; may be left out when the Pod has one.", "1GeXxFDC"),
    query("follow", "boolean", "New lines are sent as they are written. Default false.", "9OIXh_2R"),
    query("insecureSkipTLSVerifyBackend", "boolean", "The certificate of the node is not checked, so that nobody vouches for the log. Default false.", "gM00jVbe"),
    query("limitBytes", "integer", "At most this many bytes; the last line may be cut.", "zwd1RXuc"),
    query("previous", "boolean", "The log of the container that ran before this one ended. Default false.", "1jxDPu3y"),
    query("sinceSeconds", "integer", "Only lines that are no older than so many seconds. At most one of sinceSeconds and sinceTime.", "vE2NLdnP"),
    query("stream", "string", "All (default), Stdout or Stderr.", "l-48cgXv"),
    query("tailLines", "integer", "Only so many lines from the end. Unset: from the beginning, or from sinceSeconds or sinceTime.", "9xQLWHMV"),
    query("timestamps", "boolean", "Each line begins with the time at which it was written. Default false.", "c17fW1w_"),
  ],
  PodPortForwardOptions: [query("ports", "integer", "Ports of the Pod; needed over WebSocket only.", "91KROJmm")],
  PodProxyOptions: [query("path", "string", passedOn, "oPbzgLUj")],
  ServiceProxyOptions: [query("path", "string", passedOn, "QCf0eosM")],
  NodeProxyOptions: [query("path", "string", passedOn, "rFDtV0x9")],
};
