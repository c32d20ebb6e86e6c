import type { Environment, Random } from "../../base/environment.ts";
import { uuid } from "../../base/names.ts";
import { formatTime } from "../../base/time.ts";
import { ownCreate } from "../../api/managed-fields/managed-fields.ts";
import { ipAddresses } from "../../api/kinds.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { KindRegistry } from "../../api/registry.ts";
import type { Schema } from "../../api/schema/schema.ts";
import type { Service } from "../../api/types/core-v1.ts";
import type { IPAddress } from "../../api/types/networking-v1.ts";
import type { ObjectMeta } from "../../api/types/meta-v1.ts";
import { RevisionConflict } from "../../store/contract.ts";
import type { Store, Stored } from "../../store/contract.ts";
import { orderedMeta } from "../meta.ts";

/**
 * Who holds which cluster IP and node port: one record per address and per port in the store, so that two servers of one store
 * cannot give one away twice. The record of an address is the IPAddress that clients see; that of a port is the server's own. A
 * record whose Service is gone, or no longer uses it, holds nothing, so a crash between two writes leaves nothing behind.
 */
export type Held = { readonly ip: string } | { readonly port: number };

interface PortRecord extends KubeObject {
  /** The key of the Service. */
  readonly holder: string;
}

export class Locks {
  private readonly store: Store;
  private readonly environment: Environment;
  private readonly schema: Schema;
  private readonly ipType: string;
  private readonly random: Random;
  /** Records whose Service is being written right now. */
  private readonly pending = new Set<string>();

  constructor(options: { store: Store; environment: Environment; schema: Schema; registry: KindRegistry }) {
    this.store = options.store;
    this.environment = options.environment;
    this.schema = options.schema;
    this.ipType = options.registry.byKind(ipAddresses.apiVersion, ipAddresses.kind)?.facts.type ?? "";
    this.random = options.environment.random.fork("service addresses");
  }

  isFree(held: Held): boolean {
    const key = keyOf(held);
    const record = this.store.get(key);
    return record === undefined || (!this.pending.has(key) && !this.isUsed(held, record));
  }

  /** Resolves with whether it was free. Until `written`, nobody thinks it abandoned. */
  async take(held: Held, service: { readonly namespace: string; readonly name: string }): Promise<boolean> {
    if (!this.isFree(held)) return false;
    const key = keyOf(held);
    const expected = this.store.get(key)?.revision ?? 0;
    const record = "ip" in held ? this.ipRecord(held.ip, service) : this.portRecord(held.port, service);
    this.pending.add(key);
    try {
      await this.store.put(key, expected, (revision) => ({ ...record, metadata: { ...record.metadata, resourceVersion: String(revision) } }));
      return true;
    } catch (error) {
      this.pending.delete(key);
      if (error instanceof RevisionConflict) return false;
      throw error;
    }
  }

  /** The Service that takes these has been written, or will not be. */
  written(all: readonly Held[]): void {
    for (const held of all) this.pending.delete(keyOf(held));
  }

  /** Removes the record unless a Service uses it. */
  async release(held: Held): Promise<void> {
    const key = keyOf(held);
    const record = this.store.get(key);
    if (record === undefined || this.pending.has(key) || this.isUsed(held, record)) return;
    try {
      await this.store.delete(key, record.revision, (revision) => ({ ...record.object, metadata: { ...record.object.metadata, resourceVersion: String(revision) } }));
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }

  private isUsed(held: Held, record: Stored): boolean {
    if ("port" in held) return usesPort(this.service((record.object as PortRecord).holder), held.port);
    const parent = (record.object as IPAddress).spec.parentRef;
    if (parent?.resource !== "services") return true;
    return this.service(`${parent.namespace ?? ""}/${parent.name}`)?.spec.clusterIPs?.includes(held.ip) === true;
  }

  private service(key: string): Service | undefined {
    return this.store.get(`services/${key}`)?.object as Service | undefined;
  }

  private ipRecord(ip: string, { namespace, name }: { namespace: string; name: string }): KubeObject {
    const creationTimestamp = formatTime(this.environment.clock.now());
    const metadata = { name: ip, labels: { "ipaddress.kubernetes.io/ip-family": "IPv4", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" } };
    const object = { kind: ipAddresses.kind, apiVersion: ipAddresses.apiVersion, metadata, spec: { parentRef: { resource: "services", namespace, name } } } as unknown as IPAddress;
    const managedFields = ownCreate(this.schema, this.ipType, object, { manager: "kube-apiserver", apiVersion: ipAddresses.apiVersion, time: creationTimestamp });
    const filled = { ...metadata, uid: uuid(this.random), resourceVersion: "0", generation: 1, creationTimestamp, managedFields } as ObjectMeta;
    return { ...object, metadata: orderedMeta(filled) as ObjectMeta };
  }

  private portRecord(port: number, { namespace, name }: { namespace: string; name: string }): PortRecord {
    const metadata = { name: String(port), resourceVersion: "0", creationTimestamp: formatTime(this.environment.clock.now()) } as ObjectMeta;
    return { kind: "RangeAllocation", apiVersion: "v1", metadata, holder: `${namespace}/${name}` };
  }
}

/** Ports have no path of their own in the API; nothing else stands under this prefix. */
function keyOf(held: Held): string {
  return "ip" in held ? `ipaddresses.networking.k8s.io/${held.ip}` : `ranges/servicenodeports/${held.port}`;
}

function usesPort(service: Service | undefined, port: number): boolean {
  return service !== undefined && heldBy(service).some((held) => "port" in held && held.port === port);
}

/** All that a Service holds. */
export function heldBy(service: Service): readonly Held[] {
  const { clusterIPs = [], ports = [], healthCheckNodePort } = service.spec;
  return [
    ...clusterIPs.filter((ip) => ip !== "" && ip !== "None").map((ip) => ({ ip })),
    ...ports.flatMap(({ nodePort }) => (nodePort ? [{ port: nodePort }] : [])),
    ...(healthCheckNodePort ? [{ port: healthCheckNodePort }] : []),
  ];
}
