import fc from "fast-check";
import { expect, test } from "vitest";
import type { Endpoints } from "../../api/types/core-v1.ts";
import type { EndpointSlice } from "../../api/types/discovery-v1.ts";
import { planMirror } from "./plan.ts";

const address = fc.oneof(fc.nat(40).map((number) => `192.0.2.${number}`), fc.nat(40).map((number) => `2001:db8::${number + 1}`));
const subset = fc.record({ addresses: fc.uniqueArray(address, { maxLength: 8 }), port: fc.constantFrom(80, 5432) });
/** The server refuses an address that is told twice with the same ports. */
const subsets = fc.uniqueArray(subset, { selector: ({ port }) => port, maxLength: 2 });

function endpointsOf(drawn: readonly { readonly addresses: readonly string[]; readonly port: number }[]): Endpoints {
  const metadata = { name: "db", namespace: "default", uid: "endpoints-uid", labels: { tier: "data" } };
  const told = drawn.map(({ addresses, port }) => ({ addresses: addresses.filter((_, i) => i % 2 === 0).map((ip) => ({ ip })), notReadyAddresses: addresses.filter((_, i) => i % 2 === 1).map((ip) => ({ ip })), ports: [{ port, protocol: "TCP" }] }));
  return { kind: "Endpoints", apiVersion: "v1", metadata, subsets: told } as unknown as Endpoints;
}

function after(slices: readonly EndpointSlice[], endpoints: Endpoints | undefined): readonly EndpointSlice[] {
  const plan = planMirror(endpoints, slices);
  const changed = new Map(plan.update.map((slice) => [slice.metadata.name, slice]));
  return [...slices.filter((slice) => !plan.delete.includes(slice)).map((slice) => changed.get(slice.metadata.name) ?? slice), ...plan.create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, uid: slice.metadata.name } }))];
}

test("after one step the slices tell every address with its port and readiness once, families apart, and nothing is left to do; without Endpoints none stays", () => {
  fc.assert(
    fc.property(fc.array(subsets, { minLength: 1, maxLength: 4 }), (rounds) => {
      let slices: readonly EndpointSlice[] = [];
      for (const drawn of rounds) {
        const endpoints = endpointsOf(drawn);
        slices = after(slices, endpoints);
        const told = slices.flatMap((slice) => (slice.endpoints ?? []).map(({ addresses, conditions }) => `${addresses[0]} ${slice.ports?.[0]?.port} ${conditions?.ready}`));
        expect(told.sort()).toEqual(drawn.flatMap(({ addresses, port }) => addresses.map((ip, i) => `${ip} ${port} ${i % 2 === 0}`)).sort());
        for (const { addressType, endpoints: held } of slices) expect((held ?? []).every(({ addresses }) => addresses[0]?.includes(":") === (addressType === "IPv6"))).toBe(true);
        expect(planMirror(endpoints, slices)).toEqual({ create: [], update: [], delete: [] });
      }
      expect(after(slices, undefined)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
