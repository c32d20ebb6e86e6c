/** EndpointSlice: a part of the addresses behind a Service. */
import type { FieldError } from "../../base/field-error.ts";
import { checkUnchanged } from "../apps/workload.ts";
import type { KindDeclaration } from "../declaration.ts";
import { sameData } from "../equality.ts";
import { endpointSlices } from "../kinds.ts";
import { age, columns, firstOf } from "../table.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../types/discovery-v1.ts";
import { duplicate, notSupported, pushProblems, required, tooMany } from "../validation/errors.ts";
import { ipWarnings } from "../validation/ip-warnings.ts";
import { ipProblems } from "../validation/ip.ts";
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
  validate(object) {
    const errors: FieldError[] = [];
    checkType(object.addressType, errors);
    const endpoints = object.endpoints ?? [];
    const path = FieldPath.of("endpoints");
    if (endpoints.length > endpointsMax) errors.push(tooMany(path, endpoints.length, endpointsMax));
    else endpoints.forEach((endpoint, i) => checkEndpoint(endpoint, object.addressType, path.index(i), errors));
    checkPorts(object.ports ?? [], FieldPath.of("ports"), errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
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

function checkType(type: string | undefined, errors: FieldError[]): void {
  const types = ["FQDN", "IPv4", "IPv6"];
  if ((type ?? "") === "") errors.push(required("addressType"));
  else if (!types.includes(type as string)) errors.push(notSupported("addressType", type, types));
}

function checkEndpoint(endpoint: Endpoint, type: string, path: Path, errors: FieldError[]): void {
  const addresses = endpoint.addresses ?? [];
  const addressesPath = path.child("addresses");
  if (addresses.length === 0) errors.push(required(addressesPath, "must contain at least 1 address"));
  else if (addresses.length > addressesMax) errors.push(tooMany(addressesPath, addresses.length, addressesMax));
  addresses.forEach((address, i) => {
    const problems = type === "FQDN" ? dns1123SubdomainProblems(address) : type === "IPv4" || type === "IPv6" ? ipProblems(address) : [];
    pushProblems(errors, addressesPath.index(i), address, problems);
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
