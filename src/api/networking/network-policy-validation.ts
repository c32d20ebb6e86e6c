/** NetworkPolicy: peers, ports and directions. */
import type { FieldError } from "../../base/field-error.ts";
import type { IPBlock, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from "../types/networking-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { cidrProblems, networkOf, parseCidr } from "../validation/ip.ts";
import type { Cidr } from "../validation/ip.ts";
import { checkLabelSelector } from "../validation/label-selector.ts";
import { inRangeText, portProblems, checkPortNumberOrName } from "../validation/numbers.ts";
import type { FieldPath } from "../validation/path.ts";

export function checkNetworkPolicySpec(spec: NetworkPolicySpec, path: FieldPath, errors: FieldError[]): void {
  checkLabelSelector(spec.podSelector, path.child("podSelector"), errors);
  spec.ingress?.forEach((rule, i) => {
    const at = path.child("ingress").index(i);
    rule.ports?.forEach((port, j) => checkPort(port, at.child("ports").index(j), errors));
    rule.from?.forEach((peer, j) => checkPeer(peer, at.child("from").index(j), errors));
  });
  spec.egress?.forEach((rule, i) => {
    const at = path.child("egress").index(i);
    rule.ports?.forEach((port, j) => checkPort(port, at.child("ports").index(j), errors));
    rule.to?.forEach((peer, j) => checkPeer(peer, at.child("to").index(j), errors));
  });
  const types: readonly string[] = spec.policyTypes ?? [];
  const typesPath = path.child("policyTypes");
  if (types.length > 2) {
    errors.push(invalid(typesPath, types, "may not specify more than two policyTypes"));
    return;
  }
  types.forEach((type, i) => {
    if (type !== "Ingress" && type !== "Egress") errors.push(notSupported(typesPath.index(i), type, ["Ingress", "Egress"]));
  });
}

function checkPort({ protocol, port, endPort }: NetworkPolicyPort, path: FieldPath, errors: FieldError[]): void {
  const protocols = ["TCP", "UDP", "SCTP"];
  if (protocol !== undefined && !protocols.includes(protocol)) errors.push(notSupported(path.child("protocol"), protocol, protocols));
  if (port !== undefined) checkPortNumberOrName(port, path.child("port"), errors);
  if (endPort === undefined) return;
  const endPath = path.child("endPort");
  if (port === undefined) errors.push(invalid(endPath, endPort, "may not be specified when `port` is not specified"));
  else if (typeof port === "string") errors.push(invalid(endPath, endPort, "may not be specified when `port` is non-numeric"));
  else {
    if (endPort < port) errors.push(invalid(endPath, port, "must be greater than or equal to `port`"));
    if (portProblems(endPort).length > 0) errors.push(invalid(endPath, endPort, inRangeText(1, 65_535)));
  }
}

function checkPeer(peer: NetworkPolicyPeer, path: FieldPath, errors: FieldError[]): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  checkLabelSelector(podSelector, path.child("podSelector"), errors);
  checkLabelSelector(namespaceSelector, path.child("namespaceSelector"), errors);
  const selected = podSelector !== undefined || namespaceSelector !== undefined;
  if (ipBlock === undefined) {
    if (!selected) errors.push(required(path, "must specify a peer"));
    return;
  }
  checkIpBlock(ipBlock, path.child("ipBlock"), errors);
  if (selected) errors.push(forbidden(path, "may not specify both ipBlock and another peer"));
}

/** What is left out lies within, and is not all. */
function checkIpBlock({ cidr = "", except = [] }: IPBlock, path: FieldPath, errors: FieldError[]): void {
  if (cidr === "") {
    errors.push(required(path.child("cidr")));
    return;
  }
  pushProblems(errors, path.child("cidr"), cidr, cidrProblems(cidr));
  const whole = parseCidr(cidr);
  if (whole === undefined) return;
  except.forEach((part, i) => {
    const at = path.child("except").index(i);
    pushProblems(errors, at, part, cidrProblems(part));
    const inner = parseCidr(part);
    if (inner !== undefined && !isStrictlyWithin(inner, whole)) errors.push(invalid(at, part, "must be a strict subset of `cidr`"));
  });
}

function isStrictlyWithin(inner: Cidr, whole: Cidr): boolean {
  if (inner.address.length !== whole.address.length || inner.prefixLength <= whole.prefixLength) return false;
  const network = networkOf(whole);
  return networkOf({ address: inner.address, prefixLength: whole.prefixLength }).every((byte, i) => byte === network[i]);
}
