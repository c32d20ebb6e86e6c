import type { TextTable, Texts } from "../openapi/texts.ts";
import { appsTexts } from "./apps.ts";
import { autoscalingTexts } from "./autoscaling.ts";
import { batchTexts } from "./batch.ts";
import { containerTexts } from "./containers.ts";
import { coreTexts } from "./core.ts";
import { groupTexts } from "./groups.ts";
import { metaTexts } from "./meta.ts";
import { metricsTexts } from "./metrics.ts";
import { networkingTexts } from "./networking.ts";
import { nodeTexts } from "./nodes.ts";
import { podSpecTexts } from "./pod-spec.ts";
import { podStatusTexts } from "./pod-status.ts";
import { rightsTexts } from "./rights.ts";
import { serviceTexts } from "./services.ts";
import { storageTexts } from "./storage.ts";
import { volumeTexts } from "./volumes.ts";

/**
 * The texts of types and fields, all tables together. Nothing but the server of OpenAPI documents loads this module, and it does so
 * when the first document is asked for: a cluster that nobody asks to explain itself never holds the texts.
 */
export const texts: Texts & { readonly table: TextTable } = textsOf([appsTexts, autoscalingTexts, batchTexts, containerTexts, coreTexts, groupTexts, metaTexts, metricsTexts, networkingTexts, nodeTexts, podSpecTexts, podStatusTexts, rightsTexts, serviceTexts, storageTexts, volumeTexts]);

function textsOf(tables: readonly TextTable[]): Texts & { readonly table: TextTable } {
  const all: TextTable = Object.assign({}, ...tables) as TextTable;
  return {
    table: all,
    ofType: (typeName) => all[typeName]?.[""] ?? listText(typeName),
    ofField: (typeName, fieldName) => all[typeName]?.[fieldName] ?? everywhere(typeName, fieldName),
  };
}

/** Fields that every kind has, and every list. */
const common: { readonly [fieldName: string]: string } = {
  apiVersion: "Group and version in whose form the object is written, such as apps/v1; v1 alone for the core group. The server reads the object by it.",
  kind: "The kind of the object, such as Pod. It follows from the path of a request and never changes.",
  metadata: "Name, namespace, labels and what else every object has.",
};

function listText(typeName: string): string | undefined {
  const kind = listedKind(typeName);
  return kind === undefined ? undefined : `A list of objects of kind ${kind}.`;
}

function everywhere(typeName: string, fieldName: string): string | undefined {
  const kind = listedKind(typeName);
  if (kind !== undefined && fieldName === "metadata") return "The revision of the list and, when it is one page of several, how to go on.";
  if (kind !== undefined && fieldName === "items") return `The objects of kind ${kind}.`;
  return common[fieldName];
}

/** `io.k8s.api.core.v1.PodList` lists Pods. */
function listedKind(typeName: string): string | undefined {
  return /\.([A-Z]\w*)List$/.exec(typeName)?.[1];
}
