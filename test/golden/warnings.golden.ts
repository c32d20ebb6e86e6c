import { expect, it } from "vitest";
import type { KindDeclaration } from "../../src/api/declaration.ts";
import type { KubeObject } from "../../src/api/kind-ref.ts";
import { answerCreate, applyWrong, readBases, readWrongs, world } from "./create-answer.ts";
import { lineName } from "./judge.ts";

/** Objects that are odd but accepted: each answer warns as the recorded one did. */
const unquoted = (header: string): string[] => [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text.replaceAll(/\\(.)/g, "$1"));

/** The server itself takes these out and says so, before declarations are heard. */
const ofTheServer = /^\.metadata\.ownerReferences contains duplicate entries/;

function warningsOf(declaration: KindDeclaration | undefined, object: KubeObject): string[] {
  const deprecated = declaration?.deprecated === undefined ? [] : [declaration.deprecated];
  return [...deprecated, ...(declaration?.warnings?.(object) ?? [])];
}

it("accepted objects are warned of as recorded", () => {
  const place = world();
  const bases = readBases();
  const wrong: string[] = [];
  for (const line of readWrongs()) {
    const base = bases.get(line.base) as { apiVersion: string; kind: string } | undefined;
    if (line.code !== 201 || base === undefined) continue;
    const { object } = answerCreate(place, applyWrong(base, line), base);
    if (object === undefined) continue;
    const got = warningsOf(place.registry.byKind(base.apiVersion, base.kind)?.declaration, object).sort();
    const wanted = unquoted(line.warning ?? "").filter((text) => !ofTheServer.test(text)).sort();
    if (JSON.stringify(got) !== JSON.stringify(wanted)) wrong.push(`${lineName(line)}: ${got.join("; ")} instead of ${wanted.join("; ")}`);
  }
  expect(wrong).toEqual([]);
});
