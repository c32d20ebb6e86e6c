import type { KindRegistry } from "../../api/registry.ts";

/** What the server serves, as documents. */
export interface Discovery {
  readonly registry: KindRegistry;
}

export function createDiscovery(registry: KindRegistry): Discovery {
  return { registry };
}
