/** Validation of Services. Order of errors as upstream's. */
import type { FieldError } from "../../base/field-error.ts";
import type { Service, ServicePort, ServiceSpec } from "../types/core-v1.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { cidrProblems, ipProblems, parseIp } from "../validation/ip.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, qualifiedNameProblems } from "../validation/names.ts";
import { checkPortNumberOrName, inRangeText, portProblems } from "../validation/numbers.ts";
import { checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";
import { isExposed, usesClusterIp } from "./service-allocations.ts";
import { checkNodePorts } from "./service-ports-validation.ts";
import { specialIpProblems } from "./special-ip.ts";

const spec = FieldPath.of("spec");
const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const policies = ["Cluster", "Local"];
const daySeconds = 86_400;
const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";

export function checkService(object: Service): FieldError[] {
  const errors: FieldError[] = [];
  const given = object.spec;
  const headless = given.clusterIPs?.[0] === "None";
  if ((given.ports ?? []).length === 0 && !headless && given.type !== "ExternalName") errors.push(required(spec.child("ports")));
  checkByType(given, headless, errors);
  checkPorts(given.ports ?? [], errors);
  if (given.selector !== undefined) checkLabels(given.selector, spec.child("selector"), errors);
  checkSessionAffinity(given, errors);
  checkExternalIps(given, errors);
  if ((given.type as string | undefined) === undefined) errors.push(required(spec.child("type")));
  else if (!types.includes(given.type as string)) errors.push(notSupported(spec.child("type"), given.type, types));
  checkNodePorts(given, errors);
  checkLoadBalancer(given, errors);
  checkTraffic(given, errors);
  return errors;
}

function checkByType(given: ServiceSpec, headless: boolean, errors: FieldError[]): void {
  if (headless && (given.type === "LoadBalancer" || given.type === "NodePort")) {
    errors.push(invalid(spec.child("clusterIPs").index(0), given.clusterIPs?.[0], `may not be set to 'None' for ${given.type} services`));
  }
  if (given.type !== "ExternalName") return;
  if ((given.clusterIPs ?? []).length > 0) errors.push(forbidden(spec.child("clusterIPs"), "may not be set for ExternalName services"));
  if ((given.ipFamilies ?? []).length > 0) errors.push(forbidden(spec.child("ipFamilies"), "may not be set for ExternalName services"));
  if (given.ipFamilyPolicy !== undefined) errors.push(forbidden(spec.child("ipFamilyPolicy"), "may not be set for ExternalName services"));
  const name = (given.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.push(required(spec.child("externalName")));
  else pushProblems(errors, spec.child("externalName"), name, dns1123SubdomainProblems(name));
}

function checkPorts(ports: readonly ServicePort[], errors: FieldError[]): void {
  const names = new Set<string>();
  ports.forEach((port, i) => {
    const path = spec.child("ports").index(i);
    const name = port.name ?? "";
    if (name === "") {
      if (ports.length > 1) errors.push(required(path.child("name")));
    } else {
      pushProblems(errors, path.child("name"), name, dns1123LabelProblems(name));
      if (names.has(name)) errors.push(duplicate(path.child("name"), name));
      names.add(name);
    }
    pushProblems(errors, path.child("port"), port.port ?? 0, portProblems(port.port ?? 0));
    const protocols = ["SCTP", "TCP", "UDP"];
    if ((port.protocol as string | undefined) === undefined) errors.push(required(path.child("protocol")));
    else if (!protocols.includes(port.protocol as string)) errors.push(notSupported(path.child("protocol"), port.protocol, protocols));
    checkPortNumberOrName(port.targetPort, path.child("targetPort"), errors);
    if (port.appProtocol !== undefined) pushProblems(errors, path.child("appProtocol"), port.appProtocol, qualifiedNameProblems(port.appProtocol));
  });
}

function checkSessionAffinity(given: ServiceSpec, errors: FieldError[]): void {
  const path = spec.child("sessionAffinityConfig");
  const seconds = given.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if ((given.sessionAffinity as string | undefined) === undefined) errors.push(required(spec.child("sessionAffinity")));
  else if (given.sessionAffinity !== "ClientIP" && given.sessionAffinity !== "None") {
    errors.push(notSupported(spec.child("sessionAffinity"), given.sessionAffinity, ["ClientIP", "None"]));
  } else if (given.sessionAffinity === "None") {
    if (given.sessionAffinityConfig !== undefined) errors.push(forbidden(path, "must not be set when session affinity is None"));
  } else if (seconds === undefined || seconds <= 0 || seconds > daySeconds) {
    errors.push(invalid(path.child("clientIP").child("timeoutSeconds"), seconds, `must be greater than 0 and less than ${daySeconds}`));
  }
}

function checkExternalIps({ externalIPs }: ServiceSpec, errors: FieldError[]): void {
  externalIPs?.forEach((ip, i) => {
    const path = spec.child("externalIPs").index(i);
    const problems = ipProblems(ip);
    pushProblems(errors, path, ip, problems);
    if (problems.length === 0) pushProblems(errors, path, ip, specialIpProblems(ip));
  });
}

function checkLoadBalancer(given: ServiceSpec, errors: FieldError[]): void {
  const balanced = given.type === "LoadBalancer";
  const ranges = given.loadBalancerSourceRanges ?? [];
  // Upstream spells this field with a capital in errors.
  const rangesPath = spec.child("LoadBalancerSourceRanges");
  if (ranges.length > 0 && !balanced) errors.push(forbidden(rangesPath, onlyLoadBalancer));
  ranges.forEach((range, i) => pushProblems(errors, rangesPath.index(i), range, cidrProblems(range.trim())));
  if (given.allocateLoadBalancerNodePorts !== undefined && !balanced) errors.push(forbidden(spec.child("allocateLoadBalancerNodePorts"), onlyLoadBalancer));
  if (balanced && given.allocateLoadBalancerNodePorts === undefined) errors.push(required(spec.child("allocateLoadBalancerNodePorts")));
  const { loadBalancerClass } = given;
  if (loadBalancerClass === undefined) return;
  if (!balanced) errors.push(forbidden(spec.child("loadBalancerClass"), onlyLoadBalancer));
  else pushProblems(errors, spec.child("loadBalancerClass"), loadBalancerClass, qualifiedNameProblems(loadBalancerClass));
}

function checkTraffic(given: ServiceSpec, errors: FieldError[]): void {
  const policyPath = spec.child("externalTrafficPolicy");
  const policy = given.externalTrafficPolicy as string | undefined;
  if (!isExposed(given)) {
    if (policy !== undefined && policy !== "") errors.push(invalid(policyPath, policy, "may only be set for externally-accessible services"));
  } else if (policy === undefined || policy === "") errors.push(required(policyPath));
  else if (!policies.includes(policy)) errors.push(notSupported(policyPath, policy, policies));
  const health = given.healthCheckNodePort ?? 0;
  if (health < 0 || health > 65_535) errors.push(invalid(spec.child("healthCheckNodePort"), health, inRangeText(0, 65_535)));
  if (health !== 0 && !(given.type === "LoadBalancer" && policy === "Local")) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(spec.child("healthCheckNodePort"), health, why));
  }
  const inner = given.internalTrafficPolicy as string | undefined;
  if (inner === undefined) {
    if (given.type !== "ExternalName" && types.includes(given.type as string)) errors.push(required(spec.child("internalTrafficPolicy")));
  } else if (!policies.includes(inner)) errors.push(notSupported(spec.child("internalTrafficPolicy"), inner, policies));
  const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
  if (given.trafficDistribution !== undefined && !distributions.includes(given.trafficDistribution)) {
    errors.push(notSupported(spec.child("trafficDistribution"), given.trafficDistribution, distributions));
  }
}

export function checkServiceUpdate(object: Service, old: Service): FieldError[] {
  const errors: FieldError[] = [];
  if (usesClusterIp(object.spec) && usesClusterIp(old.spec)) checkChangedAddresses(object.spec, old.spec, errors);
  // Judged by upstream for the second time here.
  if (object.spec.type !== "LoadBalancer" && object.spec.loadBalancerClass !== undefined) {
    errors.push(forbidden(spec.child("loadBalancerClass"), onlyLoadBalancer));
  }
  const balanced = object.spec.type === "LoadBalancer" && old.spec.type === "LoadBalancer";
  if (balanced && object.spec.loadBalancerClass !== old.spec.loadBalancerClass) {
    errors.push(invalid(spec.child("loadBalancerClass"), object.spec.loadBalancerClass, "may not change once set"));
  }
  return errors;
}

/** The first address and its family stay; between headless and not there is no way. */
function checkChangedAddresses(given: ServiceSpec, before: ServiceSpec, errors: FieldError[]): void {
  const [headless, wasHeadless] = [given.clusterIPs?.[0] === "None", before.clusterIPs?.[0] === "None"];
  if (headless && wasHeadless) return;
  const fixed = (field: "clusterIPs" | "ipFamilies", index: number): FieldError => invalid(spec.child(field).index(index), given[field], "may not change once set");
  const check = (field: "clusterIPs" | "ipFamilies"): void => {
    const [now, then] = [given[field] ?? [], before[field] ?? []];
    const compared = now.length === then.length ? then.length : Math.min(1, now.length, then.length);
    for (let i = 0; i < compared; i++) if (now[i] !== then[i]) errors.push(fixed(field, field === "clusterIPs" ? i : 0));
  };
  check("clusterIPs");
  if ((given.clusterIPs ?? []).length === 0 && (before.clusterIPs ?? []).length > 0) errors.push(invalid(spec.child("clusterIPs").index(0), given.clusterIPs, "primary clusterIP can not be unset"));
  if (headless === wasHeadless) check("ipFamilies");
}

export function checkServiceStatus(object: Service): FieldError[] {
  const errors: FieldError[] = [];
  const path = FieldPath.of("status").child("loadBalancer").child("ingress");
  const ingress = object.status.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && object.spec.type !== "LoadBalancer") return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  ingress.forEach(({ ip, hostname }, i) => {
    if (ip !== undefined && ip !== "") pushProblems(errors, path.index(i).child("ip"), ip, ipProblems(ip));
    if (hostname === undefined || hostname === "") return;
    pushProblems(errors, path.index(i).child("hostname"), hostname, dns1123SubdomainProblems(hostname));
    if (parseIp(hostname) !== undefined) errors.push(invalid(path.index(i).child("hostname"), hostname, "must be a DNS name, not an IP address"));
  });
  return errors;
}
