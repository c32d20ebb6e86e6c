import type { Container, EnvVarSource, Pod, Service } from "../api/types/core-v1.ts";
import { expand } from "./expansion.ts";
import { podField, resourceField } from "./field-paths.ts";
import type { PodAddresses } from "./field-paths.ts";
import { MissingError } from "./objects.ts";
import type { PodObjects } from "./objects.ts";

/** The environment of a container: service links, then envFrom, then env, later ones winning and seeing earlier ones. */
export interface VariableOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly addresses: PodAddresses;
  readonly allocatable: { readonly [resource: string]: string };
  readonly objects: PodObjects;
}

const decoder = new TextDecoder();

function serviceVariables(services: readonly Service[], into: Map<string, string>): void {
  for (const { metadata, spec } of services) {
    if (!spec.clusterIP || spec.clusterIP === "None") continue;
    const prefix = metadata.name.toUpperCase().replaceAll("-", "_");
    const [first] = spec.ports ?? [];
    if (!first) continue;
    into.set(`${prefix}_SERVICE_HOST`, spec.clusterIP);
    into.set(`${prefix}_SERVICE_PORT`, String(first.port));
    for (const { name, port } of spec.ports ?? []) if (name) into.set(`${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll("-", "_")}`, String(port));
    const url = (protocol: string, port: number): string => `${protocol}://${spec.clusterIP}:${port}`;
    into.set(`${prefix}_PORT`, url((first.protocol ?? "TCP").toLowerCase(), first.port));
    for (const { port, protocol = "TCP" } of spec.ports ?? []) {
      const key = `${prefix}_PORT_${port}_${protocol}`;
      into.set(key, url(protocol.toLowerCase(), port));
      into.set(`${key}_PROTO`, protocol.toLowerCase());
      into.set(`${key}_PORT`, String(port));
      into.set(`${key}_ADDR`, spec.clusterIP as string);
    }
  }
}

async function linkedServices({ pod, objects }: VariableOptions): Promise<Service[]> {
  const namespace = pod.metadata.namespace ?? "";
  const linked = new Map<string, Service>();
  const masters = (await objects.services("default")).filter(({ metadata }) => metadata.name === "kubernetes");
  for (const service of masters) linked.set(service.metadata.name, service);
  if (pod.spec.enableServiceLinks ?? true) for (const service of await objects.services(namespace)) linked.set(service.metadata.name, service);
  return [...linked.values()];
}

async function valueFrom(source: EnvVarSource, options: VariableOptions): Promise<string | undefined> {
  const { pod, container, addresses, allocatable, objects } = options;
  const namespace = pod.metadata.namespace ?? "";
  if (source.fieldRef) return podField(source.fieldRef, pod, addresses);
  if (source.resourceFieldRef) {
    const named = source.resourceFieldRef.containerName;
    const of = named ? ([...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(({ name }) => name === named) ?? container) : container;
    return resourceField(source.resourceFieldRef, of, allocatable);
  }
  const reference = source.configMapKeyRef ?? source.secretKeyRef;
  if (!reference) return undefined;
  const word = source.configMapKeyRef ? "configmap" : "secret";
  const name = reference.name ?? "";
  const object = source.configMapKeyRef ? await objects.configMap(namespace, name) : await objects.secret(namespace, name);
  if (!object) {
    if (reference.optional) return undefined;
    throw new MissingError(`${word} "${name}" not found`);
  }
  const bytes = objects.contentOf(object).get(reference.key);
  if (bytes) return decoder.decode(bytes);
  if (reference.optional) return undefined;
  throw new MissingError(`couldn't find key ${reference.key} in ${word === "configmap" ? "ConfigMap" : "Secret"} ${namespace}/${name}`);
}

/** Rejects with MissingError when an object or key that is not optional is missing. */
export async function makeVariables(options: VariableOptions): Promise<ReadonlyMap<string, string>> {
  const { pod, container, objects } = options;
  const namespace = pod.metadata.namespace ?? "";
  const services = new Map<string, string>();
  serviceVariables(await linkedServices(options), services);
  const values = new Map<string, string>();
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const reference = configMapRef ?? secretRef;
    if (!reference) continue;
    const name = reference.name ?? "";
    const object = configMapRef ? await objects.configMap(namespace, name) : await objects.secret(namespace, name);
    if (!object && !reference.optional) throw new MissingError(`${configMapRef ? "configmap" : "secret"} "${name}" not found`);
    if (object) for (const [key, bytes] of objects.contentOf(object)) values.set(prefix + key, decoder.decode(bytes));
  }
  for (const { name, value, valueFrom: source } of container.env ?? []) {
    const found = source ? await valueFrom(source, options) : expand(value ?? "", new Map([...services, ...values]));
    if (found !== undefined) values.set(name, found);
  }
  for (const [name, value] of services) if (!values.has(name)) values.set(name, value);
  return values;
}
