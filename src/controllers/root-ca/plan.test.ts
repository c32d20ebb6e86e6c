import fc from "fast-check";
import { expect, test } from "vitest";
import type { ConfigMap, Namespace } from "../../api/types/core-v1.ts";
import { mapName, planRootCa } from "./plan.ts";

const space = (phase: string): Namespace => ({ metadata: { name: "dev" }, status: { phase } }) as unknown as Namespace;
const words = fc.dictionary(fc.constantFrom("ca.crt", "kubernetes.io/description", "mine"), fc.constantFrom("PEM", "OLD", ""), { maxKeys: 3 });
const map = fc.record({ data: fc.option(words, { nil: undefined }), annotations: fc.option(words, { nil: undefined }), labels: words }).map(
  ({ data, annotations, labels }) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: mapName, namespace: "dev", uid: "u", labels, ...(annotations && { annotations }) }, ...(data && { data }) }) as unknown as ConfigMap,
);

test("one step leaves just the CA in place, what others wrote beside it untouched, and then nothing to do", () => {
  fc.assert(
    fc.property(fc.option(map, { nil: undefined }), (standing) => {
      const view = { space: space("Active"), caPem: "PEM" };
      const plan = planRootCa({ ...view, standing });
      expect(plan.create !== undefined).toBe(standing === undefined);
      const after = (plan.create ?? plan.update ?? standing) as ConfigMap;
      expect(after.metadata).toMatchObject({ name: mapName, namespace: "dev" });
      expect(after.data).toEqual({ "ca.crt": "PEM" });
      expect(after.metadata.annotations?.["kubernetes.io/description"]).toBeDefined();
      if (standing) {
        expect({ ...after.metadata, annotations: undefined }).toEqual({ ...standing.metadata, annotations: undefined });
        expect(after.metadata.annotations?.["mine"]).toBe(standing.metadata.annotations?.["mine"]);
      }
      expect(planRootCa({ ...view, standing: after })).toEqual({});
    }),
  );
});

test("a namespace that goes, or has gone, gets nothing", () => {
  fc.assert(
    fc.property(fc.option(map, { nil: undefined }), fc.constantFrom(undefined, space("Terminating")), (standing, gone) => {
      expect(planRootCa({ space: gone, standing, caPem: "PEM" })).toEqual({});
    }),
  );
});
