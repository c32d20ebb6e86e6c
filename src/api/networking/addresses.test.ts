import { describe, expect, it } from "vitest";
import type { FieldError } from "../../base/field-error.ts";
import { endpointSlice } from "../discovery/endpoint-slice.ts";
import type { KindDeclaration } from "../declaration.ts";
import type { KubeObject } from "../kind-ref.ts";
import { ingress } from "./ingress.ts";
import { ipAddress } from "./ip-address.ts";
import { networkPolicy } from "./network-policy.ts";
import { serviceCIDR } from "./service-cidr.ts";

/** Addresses and ranges that upstream refuses although they can be read. */
function judged<T extends KubeObject>(kind: KindDeclaration<T>, object: object): string[] {
  const errors: FieldError[] = kind.validate?.({ metadata: { name: "x" }, ...object } as unknown as T) ?? [];
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

describe("addresses of EndpointSlices", () => {
  const slice = (addressType: string, address: string) => judged(endpointSlice, { addressType, endpoints: [{ addresses: [address] }] });
  const at = "endpoints[0].addresses[0]: Invalid value:";

  it("are of the slice's family and name no machine's own address", () => {
    expect(slice("IPv4", "10.0.0.1")).toEqual([]);
    expect(slice("IPv6", "fd00::1")).toEqual([]);
    expect(slice("IPv4", "fd00::1")).toEqual([`${at} "fd00::1": must be an IPv4 address`]);
    expect(slice("IPv6", "10.0.0.1")).toEqual([`${at} "10.0.0.1": must be an IPv6 address`]);
    expect(slice("IPv4", "127.0.0.1")).toEqual([`${at} "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)`]);
    expect(slice("IPv4", "0.0.0.0")).toEqual([`${at} "0.0.0.0": may not be unspecified (0.0.0.0)`]);
    expect(slice("IPv4", "x")).toEqual([`${at} "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`]);
    expect(slice("IPv4", "010.0.0.1")).toEqual([`${at} "010.0.0.1": must not have leading 0s`]);
  });

  it("are not judged again once they are held", () => {
    const object = { metadata: { name: "x" }, addressType: "IPv4", endpoints: [{ addresses: ["127.0.0.1"] }] };
    expect(endpointSlice.validateUpdate?.(object as never, object as never)).toEqual([]);
  });

  it("of type FQDN have more than one part", () => {
    expect(slice("FQDN", "example.com.")).toEqual([]);
    expect(slice("FQDN", "example")).toEqual([`${at} "example": should be a domain with at least two segments separated by dots`]);
  });
});

describe("ranges", () => {
  it("of a NetworkPolicy's exceptions lie within what they are taken from", () => {
    const policy = (except: string) => judged(networkPolicy, { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.1.0.0/16", except: [except] } }] }] } });
    expect(policy("10.1.2.0/24")).toEqual([]);
    for (const outside of ["10.2.0.0/24", "10.1.0.0/16", "10.0.0.0/8", "fd00::/64"]) {
      expect(policy(outside)).toEqual([`spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "${outside}": must be a strict subset of \`cidr\``]);
    }
  });

  it("of a NetworkPolicy have no bits behind their prefix", () => {
    const block = { ipBlock: { cidr: "10.1.2.3/16" } };
    expect(judged(networkPolicy, { spec: { podSelector: {}, egress: [{ to: [block] }] } })).toEqual([`spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.1.2.3/16": must not have bits set beyond the prefix length`]);
  });

  it("for Services are written in the one usual way", () => {
    const range = (...cidrs: string[]) => judged(serviceCIDR, { spec: { cidrs } }).map((text) => text.replace(/^.*: /, ""));
    expect(range("10.0.0.0/24", "fd00::/64")).toEqual([]);
    expect(range("10.0.0.1/24")).toEqual(["must not have bits set beyond the prefix length"]);
    expect(range("10.0.00.0/24")).toEqual(["must not have leading 0s in IP or prefix length"]);
    expect(range("FD00::/64")).toEqual([`must be in canonical form ("fd00::/64")`]);
    expect(range("10.0.0.0/24", "10.0.1.0/24", "fd00::/64")).toEqual(["may only hold up to 2 values"]);
    expect(ipAddress.nameErrors?.("fd00:0::1", false)).toEqual([`must be in canonical form ("fd00::1")`]);
    expect(ipAddress.nameErrors?.("010.0.0.1", false)).toEqual(["must not have leading 0s"]);
    expect(ipAddress.nameErrors?.("10.0.0.1", false)).toEqual([]);
  });
});

it("an Ingress does not begin with two classes", () => {
  const object = { metadata: { name: "x", annotations: { "kubernetes.io/ingress.class": "a" } }, spec: { ingressClassName: "b", defaultBackend: { service: { name: "s", port: { number: 1 } } } } };
  expect(judged(ingress, object)).toEqual([`annotations.kubernetes.io/ingress.class: Invalid value: "a": must match \`ingressClassName\` when both are specified`]);
  expect(ingress.validateUpdate?.(object as never, object as never)).toEqual([]);
});
