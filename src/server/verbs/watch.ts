import { limits } from "../../base/limits.ts";
import { expired } from "../../base/status-error.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import { CompactedError } from "../../store/contract.ts";
import type { Change, Stored } from "../../store/contract.ts";
import type { ResourceCall } from "../context.ts";
import { prefixOf } from "../keys.ts";
import { listParameters, watchVersion } from "../list-options.ts";
import type { ListParameters } from "../list-options.ts";
import { withMeta } from "../meta.ts";
import type { ApiResponse } from "../request.ts";
import { headersFor } from "../respond.ts";
import { narrowedToName, parseSelection, selected } from "../selection.ts";
import type { Selection } from "../selection.ts";
import { byteTarget, eventTarget } from "../watch-target.ts";
import { WatchSession } from "../watch-session.ts";
import type { PendingEvent } from "../watch-session.ts";

/** GET of a collection with `watch`. The watch is registered before this returns, so that nothing is missed on the way. */
export function watch(call: ResourceCall): ApiResponse {
  const parameters = listParameters(call.query, true);
  const parsed = parseSelection(call.kind, call.query.get("labelSelector"), call.query.get("fieldSelector"));
  const selection = call.name === "" ? parsed : narrowedToName(parsed, call.name);
  const session = open(call, parameters, selection);
  if (call.request.wants === "object") {
    return { status: 200, headers: headersFor("json", call.warnings), body: { type: "watch", start: (sink) => session.start(eventTarget(call, sink)) } };
  }
  return { status: 200, headers: streamHeaders(call), body: { type: "stream", start: (sink) => session.start(byteTarget(call, sink)) } };
}

function open(call: ResourceCall, parameters: ListParameters, selection: Selection): WatchSession {
  const { server, kind } = call;
  const storage = kind.storage;
  const asked = parameters.resourceVersion === "" ? 0 : watchVersion(parameters.resourceVersion);
  const session = new WatchSession(call, {
    timeoutMs: timeoutMs(call, parameters.timeoutSeconds),
    bookmarks: !parameters.allowWatchBookmarks ? "never" : call.request.wants === "object" ? "at the end" : "every minute",
  });
  const newest = server.store.revision;
  const fromNow = parameters.sendInitialEvents ?? asked === 0;
  const after = parameters.sendInitialEvents === false && asked === 0 ? newest : fromNow ? Math.max(asked, newest) : asked;
  if (fromNow) {
    const initial: PendingEvent[] = initialState(call, selection).map((stored) => ({ type: "ADDED", stored }));
    if (parameters.sendInitialEvents && parameters.allowWatchBookmarks) initial.push({ type: "BOOKMARK", revision: newest, initialEnd: true });
    session.pushInitial(initial);
  }
  try {
    session.source = server.watches.watch({ kind: storage, namespace: call.namespace, selection }, after, (change) => {
      const event = eventOf(change, selection, call);
      if (event !== undefined) session.push(event);
    });
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    session.fail(expired(`too old resource version: ${asked} (${error.oldest})`));
  }
  return session;
}

function initialState(call: ResourceCall, selection: Selection): readonly Stored[] {
  const storage = call.kind.storage;
  const { items } = call.server.store.list(prefixOf(call.kind, call.namespace));
  return selection.everything ? items : items.filter((stored) => selected(selection, storage, stored.object));
}

/** What a change is to this watch: entering and leaving its selection are an addition and a deletion. */
function eventOf(change: Change, selection: Selection, call: ResourceCall): PendingEvent | undefined {
  const storage = call.kind.storage;
  const { current, previous } = change;
  const now = change.type === "put" && selected(selection, storage, current.object);
  const before = previous !== undefined && selected(selection, storage, previous.object);
  if (now) return { type: before ? "MODIFIED" : "ADDED", stored: current };
  if (!before) return undefined;
  return { type: "DELETED", stored: change.type === "delete" ? current : lastSeen(previous, current.revision) };
}

/** The state that the watch knows, with the revision at which it left. */
function lastSeen(previous: Stored, revision: number): Stored {
  const object: KubeObject = withMeta(previous.object, { resourceVersion: String(revision) });
  return { key: previous.key, object, revision, bytes: () => new TextEncoder().encode(JSON.stringify(object)) };
}

/**
 * Upstream draws 30 to 60 minutes for a client that names no time, so that connections spread over servers. An in-process watch holds no
 * connection: it lasts.
 */
function timeoutMs(call: ResourceCall, seconds: number | undefined): number | undefined {
  if (seconds !== undefined && seconds > 0) return seconds * 1000;
  if (call.request.wants === "object") return undefined;
  return limits.watchMsMin + call.server.readersRandom.below(limits.watchMsMin);
}

/** Frames of protobuf are told from one object by a parameter. */
function streamHeaders({ representation, warnings }: ResourceCall): ApiResponse["headers"] {
  const headers = headersFor(representation.encoding, warnings);
  return representation.encoding === "protobuf" ? { ...headers, "content-type": `${headers["content-type"] as string};stream=watch` } : headers;
}
