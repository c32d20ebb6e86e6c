import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types/core-v1.ts";
import type { StorageClass } from "../../api/types/storage-v1.ts";
import { bindCompleted, boundByController } from "../../placement/volume-match.ts";
import type { Step, StorageView } from "./plan.ts";
import { planClaim, planVolume } from "./plan.ts";

interface VolumeTraits {
  readonly size?: number;
  readonly modes?: readonly string[];
  readonly className?: string | undefined;
  readonly claimRef?: object | undefined;
  readonly policy?: string;
  readonly phase?: string;
  readonly path?: string;
  readonly annotations?: object;
  readonly labels?: object;
}

function makeVolume(name: string, traits: VolumeTraits = {}): PersistentVolume {
  const { size = 10, modes = ["ReadWriteOnce"], className, claimRef, policy = "Retain", phase = "Available", path = "/tmp/data" } = traits;
  return {
    metadata: { name, uid: `uid-${name}`, ...(traits.annotations && { annotations: traits.annotations }), ...(traits.labels && { labels: traits.labels }) },
    spec: { capacity: { storage: `${size}Gi` }, accessModes: modes, persistentVolumeReclaimPolicy: policy, hostPath: { path }, ...(className && { storageClassName: className }), ...(claimRef && { claimRef }) },
    status: { phase },
  } as unknown as PersistentVolume;
}

interface ClaimTraits {
  readonly size?: number;
  readonly modes?: readonly string[];
  readonly className?: string | undefined;
  readonly volumeName?: string;
  readonly annotations?: object;
  readonly phase?: string;
  readonly selector?: object;
}

function makeClaim(name: string, traits: ClaimTraits = {}): PersistentVolumeClaim {
  const { size = 5, modes = ["ReadWriteOnce"], className = "", volumeName, annotations, phase = "Pending", selector } = traits;
  return {
    metadata: { name, namespace: "default", uid: `uid-${name}`, ...(annotations && { annotations }) },
    spec: { accessModes: modes, resources: { requests: { storage: `${size}Gi` } }, storageClassName: className, ...(volumeName && { volumeName }), ...(selector && { selector }) },
    status: { phase },
  } as unknown as PersistentVolumeClaim;
}

const makeClass = (name: string, provisioner: string, options: object = {}): StorageClass => ({ metadata: { name, creationTimestamp: "2026-01-01T00:00:00Z" }, provisioner, ...options }) as unknown as StorageClass;

/** Volumes and claims in memory. */
class World implements StorageView {
  readonly held = new Map<string, PersistentVolume>();
  readonly claims = new Map<string, PersistentVolumeClaim>();
  readonly kinds = new Map<string, StorageClass>();
  pods: readonly string[] = [];
  readonly classes = { get: (name: string) => this.kinds.get(name), list: () => [...this.kinds.values()] };
  volume = (name: string): PersistentVolume | undefined => this.held.get(name);
  volumes = (): readonly PersistentVolume[] => [...this.held.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  claim = (_: string, name: string): PersistentVolumeClaim | undefined => this.claims.get(name);
  waitingPods = (): readonly string[] => this.pods;

  constructor(volumes: readonly PersistentVolume[] = [], claims: readonly PersistentVolumeClaim[] = []) {
    for (const volume of volumes) this.held.set(volume.metadata.name, volume);
    for (const claim of claims) this.claims.set(claim.metadata.name, claim);
  }

  apply({ write }: Step): boolean {
    if (!write) return false;
    if ("claim" in write) this.claims.set(write.claim.metadata.name, write.claim);
    else if (write.what === "delete volume") this.held.delete(write.volume.metadata.name);
    else this.held.set(write.volume.metadata.name, write.volume);
    return true;
  }

  /** One look at a claim or volume by number: one write at most, as if the controller died after it. */
  look(choice: number): boolean {
    const all = [...this.claims.values(), ...this.held.values()];
    const one = all[choice % all.length];
    if (one === undefined) return false;
    return this.apply("claimRef" in one.spec || "capacity" in one.spec ? planVolume(one as PersistentVolume, this) : planClaim(one as PersistentVolumeClaim, this));
  }

  settle(): void {
    for (let round = 0; ; round++) {
      if (round > 100) throw new Error("does not come to rest");
      let busy = false;
      for (let i = 0; i < this.claims.size + this.held.size; i++) busy = this.look(i) || busy;
      if (!busy) return;
    }
  }
}

const told = ({ told: event }: Step): string => (event ? `${event.type} ${event.reason} ${event.message}` : "");

describe("a claim", () => {
  test("is bound in four writes, volume first, and says who bound it", () => {
    const world = new World([makeVolume("pv")], [makeClaim("c")]);
    const writes: string[] = [];
    for (let step = planClaim(world.claim("", "c") as PersistentVolumeClaim, world); step.write; step = planClaim(world.claim("", "c") as PersistentVolumeClaim, world)) {
      writes.push(step.write.what);
      world.apply(step);
    }
    expect(writes).toEqual(["volume", "volume status", "claim", "claim status"]);
    expect(world.volume("pv")).toMatchObject({ metadata: { annotations: { [boundByController]: "yes" } }, spec: { claimRef: { kind: "PersistentVolumeClaim", namespace: "default", name: "c", uid: "uid-c" } }, status: { phase: "Bound" } });
    expect(world.claim("", "c")).toMatchObject({ metadata: { annotations: { [boundByController]: "yes", [bindCompleted]: "yes" } }, spec: { volumeName: "pv" }, status: { phase: "Bound", accessModes: ["ReadWriteOnce"], capacity: { storage: "10Gi" } } });
  });

  test.each([
    ["the smallest that is large enough", {}, "b"],
    ["none that is too small", { size: 50 }, undefined],
    ["one with its access modes", { modes: ["ReadWriteMany"] }, "many"],
    ["one of its class", { className: "fast" }, "fast"],
    ["one with its labels", { selector: { matchLabels: { tier: "gold" } } }, "gold"],
    ["the one that it names", { volumeName: "gold" }, "gold"],
  ])("takes %s", (_, traits, wanted) => {
    const volumes = [
      makeVolume("a", { size: 20 }), makeVolume("b", { size: 6 }), makeVolume("gold", { size: 30, labels: { tier: "gold" } }), makeVolume("fast", { className: "fast" }),
      makeVolume("many", { modes: ["ReadWriteOnce", "ReadWriteMany"] }), makeVolume("pending", { size: 5, phase: "Pending" }), makeVolume("other", { size: 5, claimRef: { namespace: "default", name: "other" } }),
    ];
    const world = new World(volumes, [makeClaim("c", traits)]);
    world.settle();
    expect(world.claim("", "c")?.spec.volumeName).toBe(wanted);
  });

  const external = "Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'disk.example.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
  test.each([
    ["no class", makeClaim("c"), "Normal FailedBinding no persistent volumes available for this claim and no storage class is set"],
    ["a class that is not there", makeClaim("c", { className: "gone" }), 'Warning ProvisioningFailed storageclass.storage.k8s.io "gone" not found'],
    ["a class without a provisioner", makeClaim("c", { className: "manual" }), "Warning ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner"],
    ["another's provisioner", makeClaim("c", { className: "disk" }), external],
    ["nobody uses it yet", makeClaim("c", { className: "late" }), "Normal WaitForFirstConsumer waiting for first consumer to be created before binding"],
    ["the volume that it names is another's", makeClaim("c", { volumeName: "taken" }), 'Warning FailedBinding volume "taken" already bound to a different claim.'],
    ["the volume that it names is too small", makeClaim("c", { volumeName: "small" }), 'Warning VolumeMismatch Cannot bind to requested volume "small": requested PV is too small'],
    ["its volume has gone", makeClaim("c", { volumeName: "gone", annotations: { [bindCompleted]: "yes" }, phase: "Bound" }), "Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!"],
    ["its volume is another's", makeClaim("c", { volumeName: "taken", annotations: { [bindCompleted]: "yes" }, phase: "Bound" }), "Warning ClaimMisbound Two claims are bound to the same volume, this one is bound incorrectly"],
  ])("says in upstream's words that %s", (_, claim, wanted) => {
    const world = new World([makeVolume("taken", { claimRef: { namespace: "default", name: "other", uid: "u" } }), makeVolume("small", { size: 1 })], [claim]);
    world.kinds.set("manual", makeClass("manual", "kubernetes.io/no-provisioner"));
    world.kinds.set("disk", makeClass("disk", "disk.example.com"));
    world.kinds.set("late", makeClass("late", "kubernetes.io/no-provisioner", { volumeBindingMode: "WaitForFirstConsumer" }));
    let step = planClaim(claim, world);
    while (step.write && !step.told) {
      world.apply(step);
      step = planClaim(world.claim("", "c") as PersistentVolumeClaim, world);
    }
    expect(told(step)).toBe(wanted);
  });

  test("waits for the Pods that use it, or gets the default class", () => {
    const world = new World([], [makeClaim("c", { className: "late" })]);
    world.kinds.set("late", makeClass("late", "x", { volumeBindingMode: "WaitForFirstConsumer" }));
    world.pods = ["a", "b"];
    expect(told(planClaim(world.claim("", "c") as PersistentVolumeClaim, world))).toBe("Normal WaitForPodScheduled waiting for pods a,b to be scheduled");
    const { storageClassName: _, ...spec } = makeClaim("d").spec;
    world.kinds.set("main", makeClass("main", "x", { metadata: { name: "main", creationTimestamp: "2026-01-01T00:00:00Z", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } }));
    expect(planClaim({ ...makeClaim("d"), spec }, world).write).toMatchObject({ what: "claim", claim: { spec: { storageClassName: "main" } } });
  });
});

describe("a volume whose claim has gone", () => {
  const claimRef = { namespace: "default", name: "gone", uid: "u" };
  test.each([
    ["Retain: stays as it is", { policy: "Retain" }, "Released", ""],
    ["Delete: is deleted when it lies below /tmp", { policy: "Delete", path: "/tmp/a" }, undefined, ""],
    ["Delete: elsewhere it fails", { policy: "Delete", path: "/data" }, "Failed", "Warning VolumeFailedDelete host_path deleter only supports /tmp/.+ but received provided /data"],
    ["Delete: is left to who provisioned it", { policy: "Delete", path: "/data", annotations: { "pv.kubernetes.io/provisioned-by": "x" } }, "Released", ""],
    ["Recycle: fails", { policy: "Recycle" }, "Failed", "Warning VolumeFailedRecycle No recycler plugin found for the volume!"],
  ])("%s", (_, traits, phase, text) => {
    const world = new World([makeVolume("pv", { ...traits, claimRef, phase: "Bound" })]);
    const events: string[] = [];
    for (let volume = world.volume("pv"); volume; volume = world.volume("pv")) {
      const step = planVolume(volume, world);
      if (told(step) !== "") events.push(told(step));
      if (!world.apply(step)) break;
    }
    expect(world.volume("pv")?.status.phase).toBe(phase);
    expect(events.join()).toBe(text);
  });
});

test.each([
  ["the binder", { [boundByController]: "yes" }, undefined],
  ["somebody", undefined, { namespace: "default", name: "c" }],
])("a volume that %s gave to a claim which has another one is free again", (_, annotations, left) => {
  const volume = makeVolume("pv", { claimRef: { namespace: "default", name: "c", uid: "uid-c" }, phase: "Bound", ...(annotations && { annotations }) });
  const world = new World([volume], [makeClaim("c", { volumeName: "other", annotations: { [bindCompleted]: "yes" } })]);
  world.apply(planVolume(volume, world));
  const after = world.volume("pv") as PersistentVolume;
  expect([after.spec.claimRef, after.metadata.annotations]).toEqual([left, undefined]);
  expect(planVolume(after, world).write).toMatchObject({ what: "volume status", volume: { status: { phase: "Available" } } });
});

test("in whatever order the controller looks and dies, at rest every bound pair names each other alone, what could be bound is, and nothing is left to write", () => {
  const modes = fc.subarray(["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"], { minLength: 1 });
  const className = fc.constantFrom(undefined, "fast");
  const volumes = fc.array(fc.record({ size: fc.integer({ min: 1, max: 6 }), modes, className, promised: fc.option(fc.nat(4), { nil: undefined }), phase: fc.constantFrom("Pending", "Available") }), { maxLength: 6 });
  const claims = fc.array(fc.record({ size: fc.integer({ min: 1, max: 6 }), modes, className, wanted: fc.option(fc.nat(6), { nil: undefined }) }), { maxLength: 5 });
  fc.assert(
    fc.property(volumes, claims, fc.array(fc.nat(20), { maxLength: 30 }), fc.nat(4), (drawnVolumes, drawnClaims, looks, gone) => {
      const world = new World(
        drawnVolumes.map(({ promised, ...traits }, i) => makeVolume(`v${i}`, { ...traits, claimRef: promised === undefined ? undefined : { namespace: "default", name: `c${promised}` } })),
        drawnClaims.map(({ wanted, ...traits }, i) => makeClaim(`c${i}`, { ...traits, ...(wanted === undefined ? {} : { volumeName: `v${wanted}` }) })),
      );
      for (const choice of looks) world.look(choice);
      world.claims.delete(`c${gone}`);
      world.settle();
      const bound = [...world.claims.values()].filter(({ status }) => status.phase === "Bound");
      expect(new Set(bound.map(({ spec }) => spec.volumeName)).size).toBe(bound.length);
      for (const { metadata, spec } of bound) expect(world.volume(spec.volumeName ?? "")).toMatchObject({ spec: { claimRef: { uid: metadata.uid } }, status: { phase: "Bound" } });
      for (const { spec, status, metadata } of world.held.values()) {
        const claim = world.claim("", spec.claimRef?.name ?? "");
        if (status.phase === "Bound") expect([claim?.spec.volumeName, spec.claimRef?.uid]).toEqual([metadata.name, claim?.metadata.uid]);
        else expect(spec.claimRef?.uid === undefined ? "Available" : "Released").toBe(status.phase);
      }
      const open = [...world.held.values()].filter(({ spec }) => spec.claimRef === undefined);
      for (const claim of world.claims.values()) {
        if (claim.status.phase !== "Pending" || claim.spec.volumeName !== undefined) continue;
        const storage = (amounts: { readonly [name: string]: string } | undefined): number => Number.parseInt(amounts?.["storage"] ?? "0", 10);
        const fits = open.filter(({ spec }) => (spec.storageClassName ?? "") === claim.spec.storageClassName && storage(spec.capacity) >= storage(claim.spec.resources?.requests) && claim.spec.accessModes?.every((mode) => spec.accessModes?.includes(mode)));
        expect(fits).toEqual([]);
      }
    }),
    { numRuns: 200 },
  );
});
