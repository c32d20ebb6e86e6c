/** Ports of a Service that must not meet twice, and node ports where they may stand. Their range is the allocator's matter. */
import type { FieldError } from "../../base/field-error.ts";
import type { ServiceSpec } from "../types/core-v1.ts";
import { duplicate, forbidden } from "../validation/errors.ts";
import { FieldPath } from "../validation/path.ts";

const portsPath = FieldPath.of("spec").child("ports");

export function checkNodePorts(given: ServiceSpec, errors: FieldError[]): void {
  const ports = given.ports ?? [];
  if (given.type === "ClusterIP") {
    ports.forEach(({ nodePort = 0 }, i) => {
      if (nodePort !== 0) errors.push(forbidden(portsPath.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'"));
    });
  }
  const nodePorts = new Set<string>();
  const seen = new Set<string>();
  ports.forEach(({ nodePort = 0, protocol = "" }, i) => {
    const path = portsPath.index(i).child("nodePort");
    if (nodePort === 0) return;
    if (nodePorts.has(`${protocol}/${nodePort}`)) errors.push(duplicate(path, nodePort));
    nodePorts.add(`${protocol}/${nodePort}`);
  });
  ports.forEach(({ port = 0, protocol = "" }, i) => {
    const shown = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    if (seen.has(`${protocol}/${port}`)) errors.push(duplicate(portsPath.index(i), shown));
    seen.add(`${protocol}/${port}`);
  });
}
