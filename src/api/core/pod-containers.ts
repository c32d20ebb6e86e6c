import type { Container, EphemeralContainer, PodSpec } from "../types/core-v1.ts";
import type { FieldPath } from "../validation/path.ts";

/** Walks all containers of a Pod with their paths: init, regular, ephemeral, as upstream does. */
export function eachContainer(spec: PodSpec, path: FieldPath, visit: (container: Container | EphemeralContainer, path: FieldPath) => void): void {
  visitList(spec.initContainers, path, "initContainers", visit);
  visitList(spec.containers, path, "containers", visit);
  visitList(spec.ephemeralContainers, path, "ephemeralContainers", visit);
}

function visitList(
  containers: readonly (Container | EphemeralContainer)[] | null | undefined,
  path: FieldPath,
  field: string,
  visit: (container: Container | EphemeralContainer, path: FieldPath) => void,
): void {
  // Go writes a missing list of containers as null.
  if (containers === undefined || containers === null || containers.length === 0) return;
  const listPath = path.child(field);
  for (let i = 0; i < containers.length; i++) {
    const container = containers[i];
    if (container !== undefined) visit(container, listPath.index(i));
  }
}
