/**
 * All kinds that a cluster serves: facts, reference and declaration of each, found by path or by apiVersion and kind. A
 * registry never changes once made, and two clusters share nothing but the constants it is made of.
 */
import type { KindConversion } from "./conversion.ts";
import type { KindDeclaration } from "./declaration.ts";
import { allConversions, allDeclarations } from "./declarations.ts";
import { apiVersionOf, releaseFacts } from "./kind-facts.ts";
import type { GroupFacts, KindFacts } from "./kind-facts.ts";
import type { KindRef } from "./kind-ref.ts";
import * as releaseRefs from "./kinds.ts";
import { clocks, machines, simGroup, simKinds } from "./sim/facts.ts";

export interface Kind {
  readonly facts: KindFacts;
  readonly ref: KindRef;
  /** Absent: as for every kind. */
  readonly declaration: KindDeclaration | undefined;
  /** The kind in whose form its objects are stored: itself, except where `conversion` says how to get there and back. */
  readonly storage: Kind;
  readonly conversion: KindConversion | undefined;
  /** Other versions in which a body may come, where they say the same in the same form. */
  readonly alsoSpoken?: readonly string[];
}

interface RegistryParts {
  readonly groups: readonly GroupFacts[];
  readonly kinds: readonly KindFacts[];
  readonly refs: readonly KindRef[];
  readonly declarations: readonly KindDeclaration[];
  readonly conversions: readonly KindConversion[];
}

export class KindRegistry {
  readonly #kinds: readonly Kind[];
  readonly #groups: readonly GroupFacts[];
  readonly #byResource = new Map<string, Kind>();
  readonly #byKind = new Map<string, Kind>();

  constructor(parts: RegistryParts) {
    const found: Found = {
      refs: byPlace(parts.refs, (ref) => ref),
      declarations: byPlace(parts.declarations, (declaration) => declaration.ref),
      conversions: byPlace(parts.conversions, (conversion) => conversion.served),
    };
    const built = parts.kinds.map((facts) => mutableKind(facts, found));
    for (const kind of built) {
      this.#byResource.set(resourceKey(kind.facts.group, kind.facts.version, kind.facts.plural), kind);
      this.#byKind.set(`${kind.ref.apiVersion} ${kind.facts.kind}`, kind);
    }
    for (const kind of built) {
      if (kind.conversion !== undefined) {
        const { group, version, plural } = kind.conversion.stored;
        kind.storage = this.byResource(group, version, plural) ?? kind;
      }
    }
    this.#kinds = built;
    this.#groups = parts.groups;
  }

  /** Every kind of the release that is served by default, those of the named add-ons, and the simulation's own. */
  static default({ addons = [] }: { addons?: readonly string[] } = {}): KindRegistry {
    const served = releaseFacts.kinds.filter((kind) => kind.served === "default" || (kind.served === "addon" && addons.includes(kind.group)));
    return new KindRegistry({
      groups: [...servedGroups(releaseFacts.groups, served), simGroup],
      kinds: [...served, ...simKinds],
      refs: [...Object.values(releaseRefs), clocks, machines],
      declarations: allDeclarations(),
      conversions: allConversions(),
    });
  }

  byResource(group: string, version: string, plural: string): Kind | undefined {
    return this.#byResource.get(resourceKey(group, version, plural));
  }

  byKind(apiVersion: string, kind: string): Kind | undefined {
    return this.#byKind.get(`${apiVersion} ${kind}`);
  }

  /** In discovery order. */
  all(): readonly Kind[] {
    return this.#kinds;
  }

  /** Groups with at least one served kind, in discovery order, with their served versions, the preferred one first. */
  groups(): readonly GroupFacts[] {
    return this.#groups;
  }
}

/** The parts of a registry by apiVersion and plural. */
interface Found {
  readonly refs: ReadonlyMap<string, KindRef>;
  readonly declarations: ReadonlyMap<string, KindDeclaration>;
  readonly conversions: ReadonlyMap<string, KindConversion>;
}

function byPlace<Part>(parts: readonly Part[], refOf: (part: Part) => KindRef): Map<string, Part> {
  return new Map(parts.map((part) => [placeOf(refOf(part)), part]));
}

function placeOf({ apiVersion, plural }: { readonly apiVersion: string; readonly plural: string }): string {
  return `${apiVersion} ${plural}`;
}

function mutableKind(facts: KindFacts, { refs, declarations, conversions }: Found): { -readonly [Key in keyof Kind]: Kind[Key] } {
  const apiVersion = apiVersionOf(facts);
  const place = placeOf({ apiVersion, plural: facts.plural });
  const ref = refs.get(place) ?? {
    group: facts.group,
    version: facts.version,
    apiVersion,
    kind: facts.kind,
    plural: facts.plural,
    namespaced: facts.namespaced,
  };
  const kind = { facts, ref, declaration: declarations.get(place), conversion: conversions.get(place) } as { -readonly [Key in keyof Kind]: Kind[Key] };
  kind.storage = kind;
  return kind;
}

function servedGroups(groups: readonly GroupFacts[], kinds: readonly KindFacts[]): GroupFacts[] {
  return groups
    .map(({ name, versions }) => ({
      name,
      versions: versions.filter((version) => kinds.some((kind) => kind.group === name && kind.version === version)),
    }))
    .filter(({ versions }) => versions.length > 0);
}

function resourceKey(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}
