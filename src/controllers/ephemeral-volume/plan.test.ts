import fc from "fast-check";
import { expect, test } from "vitest";
import type { PersistentVolumeClaim, Pod } from "../../api/types/core-v1.ts";
import { planOwnClaims } from "./plan.ts";

const volume = fc.record({ name: fc.constantFrom("a", "b", "c"), own: fc.boolean() });
const volumes = fc.uniqueArray(volume, { selector: ({ name }) => name });

test("every ephemeral volume gets one claim that its Pod owns, another's is told and left alone, and then nothing is left to make", () => {
  fc.assert(
    fc.property(volumes, fc.subarray(["p-a", "p-b", "p-c"]), fc.boolean(), (drawn, foreign, deleting) => {
      const template = { metadata: { labels: { app: "x" } }, spec: { accessModes: ["ReadWriteOnce"] } };
      const pod = {
        metadata: { name: "p", namespace: "default", uid: "u", ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
        spec: { volumes: drawn.map(({ name, own }) => ({ name, ...(own ? { ephemeral: { volumeClaimTemplate: template } } : { persistentVolumeClaim: { claimName: `p-${name}` } }) })) },
      } as unknown as Pod;
      const claims = new Map(foreign.map((name) => [name, { metadata: { name } } as PersistentVolumeClaim]));
      const { create, failures } = planOwnClaims(pod, (name) => claims.get(name));
      const wanted = deleting ? [] : drawn.filter(({ own }) => own).map(({ name }) => `p-${name}`);
      expect(create.map(({ metadata }) => metadata.name)).toEqual(wanted.filter((name) => !foreign.includes(name)));
      expect(failures).toEqual(wanted.filter((name) => foreign.includes(name)).map((name) => `ephemeral volume ${name.slice(2)}: PVC default/${name} was not created for pod default/p (pod is not owner)`));
      for (const claim of create) {
        expect(claim).toMatchObject({ metadata: { labels: { app: "x" }, ownerReferences: [{ kind: "Pod", uid: "u", controller: true }] }, spec: template.spec });
        claims.set(claim.metadata.name, claim as PersistentVolumeClaim);
      }
      expect(planOwnClaims(pod, (name) => claims.get(name))).toEqual({ create: [], failures });
    }),
  );
});
