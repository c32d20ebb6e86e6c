/** Endpoints: the older, single-object form of EndpointSlices. */
import type { KindDeclaration } from "../declaration.ts";
import { endpoints } from "../kinds.ts";
import { age, columns, firstOf } from "../table.ts";
import type { Endpoints } from "../types/core-v1.ts";

const shown = 3;

export const endpointsKind: KindDeclaration<Endpoints> = {
  ref: endpoints,
  defaults(draft) {
    for (const subset of draft.subsets ?? []) for (const port of subset?.ports ?? []) if (port !== null) port.protocol ||= "TCP";
  },
  warnings: () => ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"],
  table: {
    columns: columns("Name", "Endpoints", "Age"),
    cells: (object, context) => [object.metadata.name, endpointsText(object), age(object, context)],
  },
};

function endpointsText(object: Endpoints): string {
  const pairs = (object.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`))),
  );
  return firstOf(pairs, { shown, none: "<none>" });
}
