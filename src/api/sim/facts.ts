/** Facts, references and schema of `sim.coracle.dev/v1alpha1`, in the form in which those of upstream's kinds are kept. */
import type { GroupFacts, KindFacts, Verb } from "../kind-facts.ts";
import type { KindRef } from "../kind-ref.ts";
import type { Clock, Machine } from "./types.ts";

const group = "sim.coracle.dev";
const version = "v1alpha1";
const apiVersion = `${group}/${version}`;
const allVerbs: readonly Verb[] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export const clocks: KindRef<Clock> = { group, version, apiVersion, kind: "Clock", plural: "clocks", namespaced: false };
export const machines: KindRef<Machine> = { group, version, apiVersion, kind: "Machine", plural: "machines", namespaced: false };

export const simGroup: GroupFacts = { name: group, versions: [version] };

export const simKinds: readonly KindFacts[] = [
  kindFacts("Clock", "clocks"),
  kindFacts("Machine", "machines", [{ name: "exec", verbs: ["create", "get"], kind: "PodExecOptions", group: "", version: "v1", connect: true }]),
];

function kindFacts(kind: string, plural: string, connections: NonNullable<KindFacts["subresources"]> = []): KindFacts {
  return {
    group,
    version,
    kind,
    list: `${kind}List`,
    plural,
    singular: kind.toLowerCase(),
    namespaced: false,
    verbs: allVerbs,
    stage: "alpha",
    served: "default",
    type: `dev.coracle.sim.v1alpha1.${kind}`,
    listType: `dev.coracle.sim.v1alpha1.${kind}List`,
    subresources: [...connections, { name: "status", verbs: ["get", "patch", "update"] }],
  };
}

const prefix = "dev.coracle.sim.v1alpha1.";
const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/** Types in the format of the release's `types.json`, to be given to the schema loader beside it. */
export const simTypes: { readonly types: { readonly [name: string]: object } } = {
  types: {
    ...objectTypes("Clock"),
    ...objectTypes("Machine"),
    [`${prefix}ClockSpec`]: {
      go: goName("ClockSpec"),
      fields: [
        // Texts and not meta/v1 Times, which are cut to seconds: time is moved by milliseconds, too.
        { name: "at", type: "string", omitempty: true, pointer: true },
        { name: "speed", type: "double", omitempty: true, pointer: true },
        { name: "paused", type: "boolean", omitempty: true },
      ],
    },
    [`${prefix}ClockStatus`]: { go: goName("ClockStatus"), fields: [{ name: "now", type: "string", omitempty: true, pointer: true }] },
    [`${prefix}MachineSpec`]: {
      go: goName("MachineSpec"),
      fields: [
        { name: "capacity", type: "{}quantity", omitempty: true },
        { name: "labels", type: "{}string", omitempty: true },
        { name: "taints", type: "[]io.k8s.api.core.v1.Taint", omitempty: true, listType: "atomic" },
        { name: "power", type: "string", omitempty: true },
        { name: "network", type: "string", omitempty: true },
      ],
    },
    [`${prefix}MachineStatus`]: {
      go: goName("MachineStatus"),
      fields: [
        { name: "power", type: "string", omitempty: true },
        { name: "address", type: "string", omitempty: true },
        { name: "nodeName", type: "string", omitempty: true },
      ],
    },
  },
};

function objectTypes(kind: string): { [name: string]: object } {
  const typeMeta = { inline: true, type: `${meta}TypeMeta`, go: "TypeMeta" };
  return {
    [`${prefix}${kind}`]: {
      go: goName(kind),
      fields: [
        typeMeta,
        { name: "metadata", type: `${meta}ObjectMeta`, go: "ObjectMeta", omitempty: true },
        { name: "spec", type: `${prefix}${kind}Spec`, omitempty: true },
        { name: "status", type: `${prefix}${kind}Status`, omitempty: true },
      ],
    },
    [`${prefix}${kind}List`]: {
      go: goName(`${kind}List`),
      fields: [
        typeMeta,
        { name: "metadata", type: `${meta}ListMeta`, go: "ListMeta", omitempty: true },
        { name: "items", type: `[]${prefix}${kind}`, required: true },
      ],
    },
  };
}

/** The name by which decoding errors call the type. */
function goName(type: string): string {
  return `coracle.dev/sim/${version}.${type}`;
}
