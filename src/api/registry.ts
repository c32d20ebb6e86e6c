/**
 * All kinds that a cluster serves: facts, reference and declaration of each, found by path or by apiVersion and kind. A
 * registry never changes once made, and two clusters share nothing but the constants it is made of.
 */
import type { KindConversion } from "./conversion.ts";
import type { KindDeclaration } from "./declaration.ts";
import { allConversions, allDeclarations } from "./declarations.ts";
import { apiVersionOf, loadFacts } from "./kind-facts.ts";
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
    const built = parts.kinds.map((facts) => mutableKind(facts, parts));
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
    const facts = loadFacts();
    const served = facts.kinds.filter((kind) => kind.served === "default" || (kind.served === "addon" && addons.includes(kind.group)));
    return new KindRegistry({
      groups: [...servedGroups(facts.groups, served), simGroup],
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

function mutableKind(facts: KindFacts, parts: RegistryParts): { -readonly [Key in keyof Kind]: Kind[Key] } {
  const apiVersion = apiVersionOf(facts);
  const names = (ref: KindRef): boolean => ref.apiVersion === apiVersion && ref.plural === facts.plural;
  const ref = parts.refs.find(names) ?? {
    group: facts.group,
    version: facts.version,
    apiVersion,
    kind: facts.kind,
    plural: facts.plural,
    namespaced: facts.namespaced,
  };
  const kind = {
    facts,
    ref,
    declaration: parts.declarations.find((declaration) => names(declaration.ref)),
    conversion: parts.conversions.find((conversion) => names(conversion.served)),
  } as { -readonly [Key in keyof Kind]: Kind[Key] };
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
