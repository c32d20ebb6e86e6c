import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Service } from "../api/types/core-v1.ts";
import type { EndpointSlice } from "../api/types/discovery-v1.ts";
import type { DnsRecord } from "./answer.ts";
import { recordText } from "./answer.ts";
import { Directory } from "./directory.ts";
import type { DnsZone } from "./records.ts";
import { answerQuestion } from "./records.ts";

interface Recorded {
  readonly name: string;
  readonly type: string;
  readonly status: string;
  readonly flags: string;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

const [setUp = "", ...lines] = readFileSync(join(import.meta.dirname, "golden/answers.jsonl"), "utf8").trimEnd().split("\n");
const recorded = lines.map((line) => JSON.parse(line) as Recorded);
const kubernetes = { kind: "Service", metadata: { name: "kubernetes", namespace: "default" }, spec: { clusterIP: "10.96.0.1", ports: [{ name: "https", port: 443, protocol: "TCP" }] } } as unknown as Service;

const directory = new Directory();
for (const name of ["default", "qa", "kube-system", "kube-public", "kube-node-lease"]) directory.setNamespace(name, true);
for (const object of [kubernetes, ...(JSON.parse(setUp) as { objects: (Service | EndpointSlice)[] }).objects]) {
  const key = `${object.metadata.namespace}/${object.metadata.name}`;
  if (object.kind === "Service") directory.setService(key, object as Service);
  else directory.setSlice(key, object as EndpointSlice);
}
/** The recording server's own addresses, as its answer about NS says. */
const serverAddresses = ["172.18.0.3", "fe80::c090:97ff:feae:e096", "fe80::d422:afff:fe3b:ee98"];
const zone: DnsZone = { directory, domain: "cluster.local", ttl: 30, serverAddresses };
/** The zone's serial is the time. */
const now = 1_795_255_226_000;

describe("answers as the real CoreDNS did", () => {
  for (const { name, type, ...expected } of recorded) {
    test(`${name} ${type}`, () => {
      const { status, isAuthoritative, answer, authority, additional } = answerQuestion(zone, { name, type }, now);
      const texts = (records: readonly DnsRecord[]) => records.map(recordText).sort();
      const flags = isAuthoritative ? "qr aa rd" : "qr rd";
      expect({ status, flags, answer: texts(answer), authority: texts(authority), additional: texts(additional) }).toEqual(expected);
    });
  }
});
