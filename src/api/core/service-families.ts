/**
 * The IP families of a Service: what it says of them is judged, and completed, before anything is allocated, for a cluster whose
 * one range of Service addresses is IPv4. Only a headless Service without a selector may name a family that the cluster lacks.
 */
import type { FieldError } from "../../base/field-error.ts";
import type { Draft } from "../../base/json.ts";
import { invalid as invalidObject } from "../../base/status-error.ts";
import type { Service, ServiceSpec } from "../types/core-v1.ts";
import { duplicate, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { ipProblems, isIp6, parseIp } from "../validation/ip.ts";
import { FieldPath } from "../validation/path.ts";
import { sameTexts } from "./service-allocations.ts";

type Family = "IPv4" | "IPv6";

const clusterFamily: Family = "IPv4";
const families = ["IPv4", "IPv6"];
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];

const spec = FieldPath.of("spec");
const ipsPath = spec.child("clusterIPs");
const familiesPath = spec.child("ipFamilies");
const policyPath = spec.child("ipFamilyPolicy");

/** Fills in policy and families. Throws 422 where they do not fit each other, the addresses or the cluster. */
export function settleFamilies(draft: Draft<Service>, old?: Service): void {
  const given = draft.spec;
  if (given.type === "ExternalName" || isSettled(given, old)) return;
  given.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (isFree(given) ? "RequireDualStack" : "SingleStack");
  refuse(draft, addressErrors(given));
  refuse(draft, [...shrunk(given, old), ...singleStackErrors(given), ...inferFamilies(given)]);
  if (!isFree(given)) refuse(draft, clusterErrors(given));
  if ((given.ipFamilies ?? []).length === 0) given.ipFamilies = [clusterFamily];
  const [first] = given.ipFamilies as Family[];
  if (isFree(given) && given.ipFamilies?.length === 1 && given.ipFamilyPolicy !== "SingleStack") given.ipFamilies.push(first === "IPv4" ? "IPv6" : "IPv4");
}

/** Headless without a selector: its endpoints are written by somebody else, so it may have what families it likes. */
function isFree({ clusterIP, selector = {} }: Draft<ServiceSpec>): boolean {
  return clusterIP === "None" && Object.keys(selector).length === 0;
}

/** A Service that prefers two stacks stays as it is as long as nobody changes its addresses. */
function isSettled(given: Draft<ServiceSpec>, old: Service | undefined): boolean {
  if (old === undefined || given.ipFamilyPolicy !== "PreferDualStack" || given.type !== old.spec.type) return false;
  if (old.spec.ipFamilyPolicy !== undefined && old.spec.ipFamilyPolicy !== "PreferDualStack") return false;
  return sameTexts(given.clusterIPs, old.spec.clusterIPs) && sameTexts(given.ipFamilies, old.spec.ipFamilies);
}

/** What clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy say, by itself. */
function addressErrors(given: Draft<ServiceSpec>): FieldError[] {
  const errors: FieldError[] = [];
  const { clusterIP = "", clusterIPs: ips = [], ipFamilies = [], ipFamilyPolicy } = given;
  if (clusterIP !== "") {
    if (ips.length === 0) errors.push(required(ipsPath));
    else if (ips[0] !== clusterIP) errors.push(invalid(ipsPath, ips, "first value must match `clusterIP`"));
  } else if (ips.length > 0) errors.push(invalid(ipsPath, ips, "must be empty when `clusterIP` is not specified"));
  ipFamilies.forEach((family, i) => {
    if (!families.includes(family)) errors.push(notSupported(familiesPath.index(i), family, families));
    if (ipFamilies.indexOf(family) < i) errors.push(duplicate(familiesPath.index(i), family));
  });
  if (ipFamilyPolicy !== undefined && !policies.includes(ipFamilyPolicy)) errors.push(notSupported(policyPath, ipFamilyPolicy, policies));
  const before = errors.length;
  ips.forEach((ip, i) => {
    if (i > 0 || ip !== "None") pushProblems(errors, ipsPath.index(i), ip, ipProblems(ip));
    else if (ips.length > 1) errors.push(invalid(ipsPath, ips, "'None' must be the first and only value"));
  });
  const unreadable = errors.length > before;
  if (ips.length > 2) errors.push(invalid(ipsPath, ips, "may only hold up to 2 values"));
  if (unreadable) return errors;
  if (ips.length > 1 && new Set(ips.map(familyOf)).size < ips.length) errors.push(invalid(ipsPath, ips, "may specify no more than one IP for each IP family"));
  if (ips[0] === "None") return errors;
  ips.forEach((ip, i) => {
    const family = ipFamilies[i];
    if (family !== undefined && families.includes(family) && family !== familyOf(ip)) errors.push(invalid(ipsPath.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
  });
  return errors;
}

/** To have one stack again is said with the policy; then the second address and family go by themselves. */
function shrunk(given: Draft<ServiceSpec>, old: Service | undefined): FieldError[] {
  if (old === undefined) return [];
  const { clusterIPs: ips = [], ipFamilies = [] } = given;
  const { clusterIPs: oldIps = [], ipFamilies: oldFamilies = [] } = old.spec;
  if (given.ipFamilyPolicy === "SingleStack") {
    if (ips.length > 1 && sameTexts(ips, oldIps)) given.clusterIPs = ips.slice(0, 1);
    if (ipFamilies.length > 1 && sameTexts(ipFamilies, oldFamilies)) given.ipFamilies = ipFamilies.slice(0, 1);
    return [];
  }
  const errors: FieldError[] = [];
  const must = (what: string): FieldError => invalid(policyPath, given.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
  if (ips.length > 0 && ips.length < oldIps.length) errors.push(must("cluster IP"));
  if (ipFamilies.length > 0 && ipFamilies.length < oldFamilies.length) errors.push(must("IP family"));
  return errors;
}

function singleStackErrors({ clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: Draft<ServiceSpec>): FieldError[] {
  if (ipFamilyPolicy !== "SingleStack") return [];
  const must = (what: string): FieldError => invalid(policyPath, ipFamilyPolicy, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`);
  return [...(clusterIPs.length === 2 ? [must("cluster IPs")] : []), ...(ipFamilies.length === 2 ? [must("IP families")] : [])];
}

/** Addresses that were asked for say their family. */
function inferFamilies(given: Draft<ServiceSpec>): FieldError[] {
  const errors: FieldError[] = [];
  const { clusterIPs: ips = [] } = given;
  if (ips[0] === "None") return errors;
  for (let i = given.ipFamilies?.length ?? 0; i < ips.length; i++) {
    const family = familyOf(ips[i] as string);
    if (family !== clusterFamily) errors.push(invalid(ipsPath.index(i), ips, `${family} is not configured on this cluster`));
    else given.ipFamilies = [...(given.ipFamilies ?? []), family];
  }
  return errors;
}

function clusterErrors({ ipFamilyPolicy, ipFamilies = [] }: Draft<ServiceSpec>): FieldError[] {
  const errors: FieldError[] = [];
  if (ipFamilyPolicy === "RequireDualStack") errors.push(invalid(policyPath, ipFamilyPolicy, "this cluster is not configured for dual-stack services"));
  ipFamilies.forEach((family, i) => {
    if (family !== clusterFamily) errors.push(invalid(familiesPath.index(i), family, "not configured on this cluster"));
  });
  return errors;
}

function familyOf(ip: string): Family {
  const address = parseIp(ip);
  return address !== undefined && isIp6(address) ? "IPv6" : "IPv4";
}

function refuse({ metadata: { name = "" } }: Draft<Service>, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group: "", kind: "Service" }, name, errors);
}
