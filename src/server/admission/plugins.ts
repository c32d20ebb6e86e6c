import type { AdmissionPlugin } from "./admission.ts";

/** The plugins that are on, in upstream's order. */
export function defaultPlugins(): readonly AdmissionPlugin[] {
  return [];
}
