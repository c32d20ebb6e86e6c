/** EndpointSlice: a part of the addresses behind a Service. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { specialIpProblems } from "../core/special-ip.ts";
import { sameData } from "../equality.ts";
import { endpointSlices } from "../kinds.ts";
import { age, columns, firstOf } from "../table.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../types/discovery-v1.ts";
import { duplicate, notSupported, pushProblems, required, tooMany } from "../validation/errors.ts";
import { ipWarnings } from "../validation/ip-warnings.ts";
import { ipProblems, isIp6, parseIp } from "../validation/ip.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, labelValueProblems, qualifiedNameProblems } from "../validation/names.ts";
import { FieldPath } from "../validation/path.ts";
import type { FieldPath as Path } from "../validation/path.ts";

const shown = 3;
/** Upstream's constants for the size of a slice. */
const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20_000;
const protocols = ["SCTP", "TCP", "UDP"];

export const endpointSlice: KindDeclaration<EndpointSlice> = {
  ref: endpointSlices,
  hasGeneration: true,
  generationRises: (object, old) =>
    !sameData(object.endpoints, old.endpoints) || !sameData(object.ports, old.ports) || !sameData(object.metadata.labels, old.metadata.labels),
  defaults(draft) {
    for (const port of draft.ports ?? []) {
      if (port === null) continue;
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  /** The controller's own are many, and written as they should be. */
  warnings: ({ metadata, addressType, endpoints }) =>
    addressType === "FQDN" || metadata.labels?.["endpointslice.kubernetes.io/managed-by"] === "endpointslice-controller.k8s.io"
      ? []
      : (endpoints ?? []).flatMap(({ addresses }, i) => (addresses ?? []).flatMap((address, j) => ipWarnings(FieldPath.of("endpoints").index(i).child("addresses").index(j), address))),
  validate: (object) => checkSlice(object, new Set()),
  validateOnUpdate: false,
  validateUpdate(object, old) {
    const errors = checkSlice(object, new Set((old.endpoints ?? []).flatMap(({ addresses }) => addresses ?? [])));
    checkUnchanged(object.addressType === old.addressType, object.addressType, FieldPath.of("addressType"), errors);
    return errors;
  },
  table: {
    columns: columns("Name", "AddressType", "Ports", "Endpoints", "Age"),
    cells: (object, context) => [
      object.metadata.name,
      object.addressType,
      firstOf(
        (object.ports ?? []).map(({ port }) => (port === undefined ? "*" : String(port))),
        { shown, none: "<unset>" },
      ),
      firstOf(
        (object.endpoints ?? []).flatMap(({ addresses }) => addresses),
        { shown, none: "<unset>" },
      ),
      age(object, context),
    ],
  },
};

/** Addresses that the slice has held so far are not judged again. */
function checkSlice(object: EndpointSlice, held: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  checkType(object.addressType, errors);
  const endpoints = object.endpoints ?? [];
  const path = FieldPath.of("endpoints");
  if (endpoints.length > endpointsMax) errors.push(tooMany(path, endpoints.length, endpointsMax));
  else endpoints.forEach((endpoint, i) => checkEndpoint(endpoint, { type: object.addressType, held }, path.index(i), errors));
  checkPorts(object.ports ?? [], FieldPath.of("ports"), errors);
  return errors;
}

function checkType(type: string | undefined, errors: FieldError[]): void {
  const types = ["FQDN", "IPv4", "IPv6"];
  if ((type ?? "") === "") errors.push(required("addressType"));
  else if (!types.includes(type as string)) errors.push(notSupported("addressType", type, types));
}

function checkEndpoint(endpoint: Endpoint, { type, held }: { readonly type: string; readonly held: ReadonlySet<string> }, path: Path, errors: FieldError[]): void {
  const addresses = endpoint.addresses ?? [];
  const addressesPath = path.child("addresses");
  if (addresses.length === 0) errors.push(required(addressesPath, "must contain at least 1 address"));
  else if (addresses.length > addressesMax) errors.push(tooMany(addressesPath, addresses.length, addressesMax));
  addresses.forEach((address, i) => {
    if (!held.has(address)) pushProblems(errors, addressesPath.index(i), address, addressProblems(address, type));
  });
  if (endpoint.hostname !== undefined) pushProblems(errors, path.child("hostname"), endpoint.hostname, dns1123LabelProblems(endpoint.hostname));
  if (endpoint.nodeName !== undefined) pushProblems(errors, path.child("nodeName"), endpoint.nodeName, dns1123SubdomainProblems(endpoint.nodeName));
  for (const field of ["forZones", "forNodes"] as const) {
    const names = (endpoint.hints?.[field] ?? []).map(({ name = "" }) => name);
    names.forEach((name, i) => {
      const at = path.child("hints").child(field).index(i).child("name");
      if (names.indexOf(name) < i) errors.push(duplicate(at, name));
      pushProblems(errors, at, name, labelValueProblems(name));
    });
  }
}

function addressProblems(address: string, type: string): readonly string[] {
  if (type === "FQDN") return domainProblems(address);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const problems = ipProblems(address);
  const bytes = parseIp(address);
  if (problems.length > 0 || bytes === undefined) return problems;
  const right = isIp6(bytes) === (type === "IPv6");
  return [...(right ? [] : [`must be an ${type} address`]), ...specialIpProblems(address)];
}

/** A full name has more than one part, and may end in a dot. */
function domainProblems(name: string): readonly string[] {
  const plain = name.endsWith(".") ? name.slice(0, -1) : name;
  const problems = dns1123SubdomainProblems(plain);
  if (problems.length > 0 || plain.includes(".")) return problems;
  return ["should be a domain with at least two segments separated by dots"];
}

function checkPorts(ports: readonly EndpointPort[], path: Path, errors: FieldError[]): void {
  if (ports.length > portsMax) {
    errors.push(tooMany(path, ports.length, portsMax));
    return;
  }
  const names = ports.map(({ name = "" }) => name);
  ports.forEach((port, i) => {
    const at = path.index(i);
    const name = port.name ?? "";
    if (name !== "") pushProblems(errors, at.child("name"), name, dns1123LabelProblems(name));
    if (names.indexOf(name) < i) errors.push(duplicate(at.child("name"), name));
    if (port.protocol === undefined) errors.push(required(at.child("protocol")));
    else if (!protocols.includes(port.protocol)) errors.push(notSupported(at.child("protocol"), port.protocol, protocols));
    if (port.appProtocol !== undefined) pushProblems(errors, at.child("appProtocol"), port.appProtocol, qualifiedNameProblems(port.appProtocol));
  });
}
