/** NetworkPolicy: peers, ports and directions. */
import type { FieldError } from "../../base/field-error.ts";
import type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from "../types/networking-v1.ts";
import { forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { cidrProblems } from "../validation/ip.ts";
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
  if (types.length > 2) errors.push(invalid(typesPath, types, "may not specify more than two policyTypes"));
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
  const { cidr = "", except = [] } = ipBlock;
  const blockPath = path.child("ipBlock");
  if (cidr === "") errors.push(required(blockPath.child("cidr")));
  else pushProblems(errors, blockPath.child("cidr"), cidr, cidrProblems(cidr));
  except.forEach((part, i) => pushProblems(errors, blockPath.child("except").index(i), part, cidrProblems(part)));
  if (selected) errors.push(forbidden(path, "may not specify both ipBlock and another peer"));
}
