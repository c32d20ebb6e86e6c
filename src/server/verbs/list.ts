import type { Soon } from "../../base/soon.ts";
import { StatusError, badRequest, expired } from "../../base/status-error.ts";
import { CompactedError } from "../../store/contract.ts";
import type { ListPage, Stored } from "../../store/contract.ts";
import type { ResourceCall } from "../context.ts";
import { decodeContinue, encodeContinue } from "../continue-token.ts";
import { tooLargeResourceVersion } from "../errors.ts";
import { prefixOf } from "../keys.ts";
import { listResponse } from "../list-response.ts";
import { listParameters, listVersion } from "../list-options.ts";
import type { ListParameters } from "../list-options.ts";
import type { ApiResponse } from "../request.ts";
import { parseSelection, selected } from "../selection.ts";
import type { Selection } from "../selection.ts";

/** GET of a collection. */
export function list(call: ResourceCall): Soon<ApiResponse> {
  const parameters = listParameters(call.query, false);
  const page = selectPage(call, parameters);
  return listResponse(call, page.items, {
    resourceVersion: String(page.revision),
    ...(page.continue === "" ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  });
}

interface SelectedPage {
  readonly items: readonly Stored[];
  readonly revision: number;
  /** "" on the last page. */
  readonly continue: string;
  /** Undefined on the last page and where a selector leaves it unknown. */
  readonly remaining: number | undefined;
}

/** What a list or a deletecollection is about. */
export function selectPage(call: ResourceCall, parameters: ListParameters): SelectedPage {
  const selection = parseSelection(call.kind, call.query.get("labelSelector"), call.query.get("fieldSelector"));
  const prefix = prefixOf(call.kind, call.namespace);
  const start = startOf(call, parameters, prefix);
  const limit = parameters.limit > 0 ? parameters.limit : undefined;
  try {
    return selection.everything ? wholePage(call, prefix, start, limit) : filteredPage(call, prefix, start, limit, selection);
  } catch (error) {
    if (error instanceof CompactedError) throw compacted(parameters);
    throw error;
  }
}

interface Start {
  /** Undefined: now. */
  readonly at: number | undefined;
  readonly after: string | undefined;
}

function startOf(call: ResourceCall, parameters: ListParameters, prefix: string): Start {
  const newest = call.server.store.revision;
  if (parameters.continue !== "") {
    const { revision, after } = decodeContinue(parameters.continue);
    if (parameters.resourceVersion !== "" && parameters.resourceVersion !== "0") throw badRequest("specifying resource version is not allowed when using continue");
    return { at: revision < 0 ? undefined : revision, after: prefix + after };
  }
  if (parameters.resourceVersion === "") return { at: undefined, after: undefined };
  const asked = listVersion(parameters.resourceVersion);
  if (asked > newest) throw tooLargeResourceVersion(parameters.resourceVersion, newest);
  const exact = parameters.resourceVersionMatch === "Exact" || (parameters.resourceVersionMatch === "" && parameters.limit > 0 && asked > 0);
  return { at: exact ? asked : undefined, after: undefined };
}

function readPage(call: ResourceCall, prefix: string, { at, after }: Start, limit: number | undefined): ListPage {
  return call.server.store.list(prefix, {
    ...(at === undefined ? {} : { at }),
    ...(after === undefined ? {} : { after }),
    ...(limit === undefined ? {} : { limit }),
  });
}

function wholePage(call: ResourceCall, prefix: string, start: Start, limit: number | undefined): SelectedPage {
  const { items, revision, remaining } = readPage(call, prefix, start, limit);
  if (remaining === 0) return { items, revision, continue: "", remaining: undefined };
  return { items, revision, continue: continueAfter(items, revision, prefix), remaining };
}

/** Under a selector, the page goes on until it is full or the keys end; how many more would match nobody counts. */
function filteredPage(call: ResourceCall, prefix: string, start: Start, limit: number | undefined, selection: Selection): SelectedPage {
  const kind = call.kind.storage;
  const name = nameOf(selection, call);
  const { items: all, revision } = name === undefined ? readPage(call, prefix, start, undefined) : oneItem(call, prefix, start, name);
  const items: Stored[] = [];
  for (let i = 0; i < all.length; i++) {
    const stored = all[i] as Stored;
    if (!selected(selection, kind, stored.object)) continue;
    items.push(stored);
    if (limit !== undefined && items.length === limit && i < all.length - 1) {
      return { items, revision, continue: continueAfter(items, revision, prefix), remaining: undefined };
    }
  }
  return { items, revision, continue: "", remaining: undefined };
}

/** The only name that can match, where the whole key is known. */
function nameOf(selection: Selection, call: ResourceCall): string | undefined {
  if (call.kind.facts.namespaced && call.namespace === "") return undefined;
  return selection.fields.find((term) => term.path === "metadata.name" && term.equal)?.value;
}

function oneItem(call: ResourceCall, prefix: string, start: Start, name: string): Pick<ListPage, "items" | "revision"> {
  if (start.at !== undefined || start.after !== undefined) return readPage(call, prefix, start, undefined);
  const stored = call.server.store.get(prefix + name);
  return { items: stored === undefined ? [] : [stored], revision: call.server.store.revision };
}

function continueAfter(items: readonly Stored[], revision: number, prefix: string): string {
  const last = items.at(-1) as Stored;
  return encodeContinue({ revision, after: last.key.slice(prefix.length) });
}

function compacted(parameters: ListParameters): StatusError {
  if (parameters.continue === "") return expired(`The resourceVersion for the provided list is too old.`);
  const { after } = decodeContinue(parameters.continue);
  const message =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
  return new ContinueExpired(message, encodeContinue({ revision: -1, after }));
}

/** 410 whose metadata carries a token to go on with, inconsistently. */
class ContinueExpired extends StatusError {
  constructor(message: string, token: string) {
    super({ code: 410, reason: "Expired", message });
    Object.assign(this.status, { metadata: { continue: token } as never });
  }
}
