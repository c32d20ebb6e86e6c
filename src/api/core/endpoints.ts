/** Endpoints: the older, single-object form of EndpointSlices. */
import type { FieldError } from "../../base/field-error.ts";
import type { KindDeclaration } from "../declaration.ts";
import { endpoints } from "../kinds.ts";
import { age, columns, firstOf } from "../table.ts";
import type { EndpointAddress, EndpointPort, Endpoints } from "../types/core-v1.ts";
import { notSupported, pushProblems, required } from "../validation/errors.ts";
import { ipProblems } from "../validation/ip.ts";
import { dns1123LabelProblems, dns1123SubdomainProblems, qualifiedNameProblems } from "../validation/names.ts";
import { portProblems } from "../validation/numbers.ts";
import { FieldPath } from "../validation/path.ts";
import type { FieldPath as Path } from "../validation/path.ts";
import { specialIpProblems } from "./special-ip.ts";

const shown = 3;

export const endpointsKind: KindDeclaration<Endpoints> = {
  ref: endpoints,
  defaults(draft) {
    for (const subset of draft.subsets ?? []) for (const port of subset?.ports ?? []) if (port !== null) port.protocol ||= "TCP";
  },
  validate(object) {
    const errors: FieldError[] = [];
    object.subsets?.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
      const path = FieldPath.of("subsets").index(i);
      if (addresses.length + notReadyAddresses.length === 0) errors.push(required(path, "must specify `addresses` or `notReadyAddresses`"));
      addresses.forEach((address, at) => checkAddress(address, path.child("addresses").index(at), errors));
      notReadyAddresses.forEach((address, at) => checkAddress(address, path.child("notReadyAddresses").index(at), errors));
      ports.forEach((port, at) => checkPort(port, ports.length > 1, path.child("ports").index(at), errors));
    });
    return errors;
  },
  deprecated: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  table: {
    columns: columns("Name", "Endpoints", "Age"),
    cells: (object, context) => [object.metadata.name, endpointsText(object), age(object, context)],
  },
};

function checkAddress({ ip = "", hostname = "", nodeName }: EndpointAddress, path: Path, errors: FieldError[]): void {
  pushProblems(errors, path.child("ip"), ip, ipProblems(ip));
  if (hostname !== "") pushProblems(errors, path.child("hostname"), hostname, dns1123LabelProblems(hostname));
  if (nodeName !== undefined) pushProblems(errors, path.child("nodeName"), nodeName, dns1123SubdomainProblems(nodeName));
  pushProblems(errors, path.child("ip"), ip, specialIpProblems(ip));
}

function checkPort({ name = "", port = 0, protocol, appProtocol }: EndpointPort, named: boolean, path: Path, errors: FieldError[]): void {
  if (name !== "") pushProblems(errors, path.child("name"), name, dns1123LabelProblems(name));
  else if (named) errors.push(required(path.child("name")));
  pushProblems(errors, path.child("port"), port, portProblems(port));
  const protocols = ["SCTP", "TCP", "UDP"];
  if (protocol === undefined) errors.push(required(path.child("protocol")));
  else if (!protocols.includes(protocol)) errors.push(notSupported(path.child("protocol"), protocol, protocols));
  if (appProtocol !== undefined) pushProblems(errors, path.child("appProtocol"), appProtocol, qualifiedNameProblems(appProtocol));
}

function endpointsText(object: Endpoints): string {
  const pairs = (object.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`))),
  );
  return firstOf(pairs, { shown, none: "<none>" });
}
