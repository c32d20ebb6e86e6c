/** Validation of Services. Order of errors as upstream's. */
import type { FieldError } from "../../base/field-error.ts";
import type { Service, ServicePort, ServiceSpec } from "../types/core-v1.ts";
import { duplicate, forbidden, invalid, notSupported, pushProblems, required } from "../validation/errors.ts";
import { cidrProblems, ipProblems, isIp6, parseIp } from "../validation/ip.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, qualifiedNameProblems } from "../validation/names.ts";
import { checkPortNumberOrName, inRangeText, portProblems } from "../validation/numbers.ts";
import { checkLabels } from "../validation/object-meta.ts";
import { FieldPath } from "../validation/path.ts";
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
  // Upstream's allocator stumbles over these before it validates.
  given.clusterIPs?.forEach((ip, i) => {
    if (ip !== "None") pushProblems(errors, spec.child("clusterIPs").index(i), ip, ipProblems(ip));
  });
  if (errors.length > 0) return errors;
  const headless = given.clusterIPs?.[0] === "None";
  if ((given.ports ?? []).length === 0 && !headless && given.type !== "ExternalName") errors.push(required(spec.child("ports")));
  checkByType(given, headless, errors);
  checkPorts(given.ports ?? [], errors);
  if (given.selector !== undefined) checkLabels(given.selector, spec.child("selector"), errors);
  checkSessionAffinity(given, errors);
  checkAddresses(given, errors);
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

function checkAddresses(given: ServiceSpec, errors: FieldError[]): void {
  const ips = given.clusterIPs ?? [];
  const ipsPath = spec.child("clusterIPs");
  if (ips.length > 0 && (given.clusterIP ?? "") !== ips[0]) errors.push(invalid(ipsPath, ips, "first value must match `clusterIP`"));
  const stacks = ["PreferDualStack", "RequireDualStack", "SingleStack"];
  if (given.ipFamilyPolicy !== undefined && !stacks.includes(given.ipFamilyPolicy)) {
    errors.push(notSupported(spec.child("ipFamilyPolicy"), given.ipFamilyPolicy, stacks));
  }
  const families = given.ipFamilies ?? [];
  families.forEach((family, i) => {
    const path = spec.child("ipFamilies").index(i);
    if (family !== "IPv4" && family !== "IPv6") errors.push(notSupported(path, family, ["IPv4", "IPv6"]));
    else if (families.indexOf(family) < i) errors.push(duplicate(path, family));
  });
  if (ips.length > 2) errors.push(invalid(ipsPath, ips, "may only hold up to 2 values"));
  ips.forEach((ip, i) => checkClusterIp(ip, given, i, errors));
  const plainDual = given.ipFamilyPolicy === "RequireDualStack" && !(ips[0] === "None" && Object.keys(given.selector ?? {}).length === 0);
  if (plainDual) errors.push(invalid(spec.child("ipFamilyPolicy"), given.ipFamilyPolicy, "this cluster is not configured for dual-stack services"));
  given.externalIPs?.forEach((ip, i) => {
    const path = spec.child("externalIPs").index(i);
    const problems = ipProblems(ip);
    pushProblems(errors, path, ip, problems);
    if (problems.length === 0) pushProblems(errors, path, ip, specialIpProblems(ip));
  });
}

function checkClusterIp(ip: string, given: ServiceSpec, i: number, errors: FieldError[]): void {
  const path = spec.child("clusterIPs").index(i);
  if (ip === "None") {
    if (i > 0) errors.push(invalid(path, ip, "'None' must be the first and only value"));
    return;
  }
  const address = parseIp(ip);
  const family = given.ipFamilies?.[i];
  if (address !== undefined && family !== undefined && isIp6(address) !== (family === "IPv6")) {
    errors.push(invalid(path, ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
  }
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
  const exposed = given.type === "NodePort" || given.type === "LoadBalancer" || (given.type === "ClusterIP" && (given.externalIPs ?? []).length > 0);
  if (!exposed) {
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
  const usesIp = ({ spec: { type } }: Service): boolean => type !== "ExternalName";
  if (usesIp(object) && usesIp(old)) {
    const ips = object.spec.clusterIPs ?? [];
    old.spec.clusterIPs?.forEach((ip, i) => {
      const now = ips[i];
      if (now !== ip && (i === 0 || now !== undefined)) errors.push(invalid(spec.child("clusterIPs").index(i), object.spec.clusterIPs, "may not change once set"));
    });
  }
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
