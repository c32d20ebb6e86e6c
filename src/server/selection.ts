import { selects } from "../api/label-selector.ts";
import { SelectorError, parseLabelSelector } from "../api/parse-label-selector.ts";
import type { Requirement } from "../api/label-selector.ts";
import type { KubeObject } from "../api/kind-ref.ts";
import type { Kind } from "../api/registry.ts";
import { badRequest } from "../base/status-error.ts";
import { fieldTermHolds, parseFieldSelector } from "./field-selector.ts";
import type { FieldTerm } from "./field-selector.ts";

/** What a list or watch selects of a kind, beside its namespace. */
export interface Selection {
  readonly labels: readonly Requirement[];
  readonly fields: readonly FieldTerm[];
  /** Nothing is left out. */
  readonly everything: boolean;
}

const everything: Selection = Object.freeze({ labels: [], fields: [], everything: true });

/** Throws 400 in upstream's words. */
export function parseSelection(kind: Kind, labelSelector: string | undefined, fieldSelector: string | undefined): Selection {
  if (!labelSelector && !fieldSelector) return everything;
  const labels = labelRequirements(labelSelector ?? "");
  const fields = parseFieldSelector(fieldSelector ?? "", kind);
  return { labels, fields, everything: labels.length === 0 && fields.length === 0 };
}

export function selected(selection: Selection, kind: Kind, object: KubeObject): boolean {
  if (selection.everything) return true;
  for (const term of selection.fields) if (!fieldTermHolds(term, kind, object)) return false;
  return selects(selection.labels, object.metadata.labels);
}

/** The value that a field must have, if the selection says so. */
export function requiredValue(selection: Selection, path: string): string | undefined {
  return selection.fields.find((term) => term.equal && term.path === path)?.value;
}

/** Narrows to one name, as a request for one object through a collection path does. */
export function narrowedToName(selection: Selection, name: string): Selection {
  return { labels: selection.labels, fields: [...selection.fields, { path: "metadata.name", equal: true, value: name }], everything: false };
}

function labelRequirements(text: string): readonly Requirement[] {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}
