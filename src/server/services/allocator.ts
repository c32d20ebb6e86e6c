import type { Environment, Random } from "../../base/environment.ts";
import type { FieldError } from "../../base/field-error.ts";
import type { Draft } from "../../base/json.ts";
import type { Soon } from "../../base/soon.ts";
import { internalError, invalid as invalidObject } from "../../base/status-error.ts";
import { sameData } from "../../api/equality.ts";
import { inGoOrder } from "../../api/schema/go-order.ts";
import type { KubeObject } from "../../api/kind-ref.ts";
import type { Kind, KindRegistry } from "../../api/registry.ts";
import type { Schema } from "../../api/schema/schema.ts";
import { usesHealthCheckPort } from "../../api/core/service-allocations.ts";
import type { Service, ServicePort, ServiceSpec } from "../../api/types/core-v1.ts";
import { invalid } from "../../api/validation/errors.ts";
import { isIp6, parseIp } from "../../api/validation/ip.ts";
import { FieldPath } from "../../api/validation/path.ts";
import type { Store, Stored } from "../../store/contract.ts";
import type { Held } from "./locks.ts";
import { Locks, heldBy } from "./locks.ts";
import { clusterIpRange, drawFrom, ipText, ipValue, isIn, nodePortRange } from "./ranges.ts";

/**
 * Gives Services their cluster IPs and node ports. It works in two steps around validation: `begin` writes into the draft what
 * the Service will get and refuses what it cannot get, and changes nothing else; `commit` takes it and writes the Service, or
 * gives it back. What a Service no longer uses is given back after the write that shows it.
 */
export interface Allocation {
  /** `put` writes the Service. */
  commit(put: () => Soon<Stored>): Promise<Stored>;
}

const spec = FieldPath.of("spec");
const taken = (what: "IP" | "port"): string => `provided ${what} is already allocated`;

/** A value that the Service is to get. `wanted`: the client asked for just this one, and this is what refuses it. */
interface Claim {
  readonly held: Held;
  readonly refusal: FieldError | undefined;
}

export class ServiceAllocator {
  private readonly environment: Environment;
  private readonly schema: Schema;
  private readonly locks: Locks;
  private readonly random: Random;

  constructor(options: { store: Store; environment: Environment; schema: Schema; registry: KindRegistry }) {
    this.environment = options.environment;
    this.schema = options.schema;
    this.locks = new Locks(options);
    this.random = options.environment.random.fork("service allocation");
    options.store.watch("services/", options.store.revision, ({ type, current, previous }) => {
      const before = type === "delete" ? (current.object as Service) : (previous?.object as Service | undefined);
      if (before && (type === "delete" || !sameData(before.spec, (current.object as Service).spec))) this.releaseLater(heldBy(before));
    });
  }

  /** Undefined for other kinds and for Services that get nothing new. Throws 422 in upstream's words. */
  begin(kind: Kind, draft: Draft<KubeObject>, { old, dryRun }: { old?: KubeObject; dryRun: boolean }): Allocation | undefined {
    if (kind.facts.plural !== "services" || kind.facts.group !== "") return undefined;
    const service = draft as unknown as Draft<Service>;
    const before = old as Service | undefined;
    const claims = [...this.claimIp(service, before), ...this.claimPorts(service, before, dryRun)];
    if (claims.length === 0) return undefined;
    service.spec = inGoOrder(this.schema, kind.facts.type, service).spec;
    return { commit: (put) => this.commit(service, claims, put) };
  }

  private async commit(service: Draft<Service>, claims: readonly Claim[], put: () => Soon<Stored>): Promise<Stored> {
    const { namespace = "", name = "" } = service.metadata;
    const held = [...new Map(claims.map((claim) => [JSON.stringify(claim.held), claim])).values()];
    const got: Held[] = [];
    try {
      for (const { held: one, refusal } of held) {
        // Another server of the same store was faster.
        if (!(await this.locks.take(one, { namespace, name }))) throw refusal ? refused(service, refusal) : internalError("failed to allocate a serviceIP: try again");
        got.push(one);
      }
      return await put();
    } catch (error) {
      this.releaseLater(got);
      throw error;
    } finally {
      this.locks.written(got);
    }
  }

  private releaseLater(all: readonly Held[]): void {
    this.environment.runner.post(async () => {
      for (const held of all) await this.locks.release(held);
    });
  }

  private claimIp(service: Draft<Service>, old: Service | undefined): readonly Claim[] {
    const given = service.spec;
    if (given.type === "ExternalName" || given.clusterIPs?.[0] === "None") return [];
    if (old && old.spec.type !== "ExternalName" && (old.spec.clusterIPs?.[0] ?? "") !== "") return [];
    const asked = given.clusterIPs?.[0] ?? "";
    if (asked !== "") return this.claimAskedIp(service, asked);
    const value = drawFrom(clusterIpRange, this.random, (candidate) => this.locks.isFree({ ip: ipText(candidate) }));
    if (value === undefined) throw internalError("failed to allocate a serviceIP: range is full");
    const ip = ipText(value);
    given.clusterIP = ip;
    given.clusterIPs = [ip];
    return [{ held: { ip }, refusal: undefined }];
  }

  private claimAskedIp(service: Draft<Service>, asked: string): readonly Claim[] {
    const bytes = parseIp(asked);
    // Validation finds the words for what is no address of this family.
    if (bytes === undefined || isIp6(bytes)) return [];
    const refusal = (why: string): FieldError => invalid(spec.child("clusterIPs"), service.spec.clusterIPs, `failed to allocate IP ${asked}: ${why}`);
    if (!isIn(clusterIpRange, ipValue(bytes))) throw refused(service, refusal("the provided network does not match the current range"));
    const claim: Claim = { held: { ip: asked }, refusal: refusal(taken("IP")) };
    if (!this.locks.isFree(claim.held)) throw refused(service, claim.refusal as FieldError);
    return [claim];
  }

  /** A dry run asks only whether ports are free, not whether they are in the range. */
  private claimPorts(service: Draft<Service>, old: Service | undefined, dryRun: boolean): readonly Claim[] {
    const given = service.spec;
    if (given.type !== "NodePort" && given.type !== "LoadBalancer") return [];
    const draws = given.type === "NodePort" || given.allocateLoadBalancerNodePorts !== false;
    const mine = new Set(old ? heldBy(old).flatMap((held) => ("port" in held ? [held.port] : [])) : []);
    const claims = new Map<number, Claim>();
    /** One number serves all protocols of a port. */
    const byPort = new Map<number, number>();
    for (const port of given.ports ?? []) if (port.nodePort && !byPort.has(port.port)) byPort.set(port.port, port.nodePort);
    const served = new Map<number, number>();
    (given.ports ?? []).forEach((port, index) => {
      if (!port.nodePort && !draws) return;
      port.nodePort ||= byPort.get(port.port) ?? this.drawPort(claims, mine);
      byPort.set(port.port, port.nodePort);
      // Of an update, only validation looks for the same number twice.
      const again = old === undefined && served.get(port.port) !== port.nodePort;
      this.claimPort(service, { port, index, mine, claims, dryRun, again });
      served.set(port.port, port.nodePort);
    });
    if (usesHealthCheckPort(given as ServiceSpec)) this.claimHealthCheckPort(given, { mine, claims, dryRun });
    return [...claims.values()];
  }

  private claimHealthCheckPort(given: Draft<ServiceSpec>, { mine, claims, dryRun }: { mine: ReadonlySet<number>; claims: Map<number, Claim>; dryRun: boolean }): void {
    const asked = given.healthCheckNodePort;
    given.healthCheckNodePort ||= this.drawPort(claims, mine);
    const held = { port: given.healthCheckNodePort };
    if (mine.has(held.port)) return;
    const problem = this.portProblem(held.port, dryRun) ?? (claims.has(held.port) ? taken("port") : undefined);
    // Upstream takes this for a fault of its own.
    if (asked && problem !== undefined) throw internalError(`failed to allocate requested HealthCheck NodePort ${asked}: ${problem}`);
    claims.set(held.port, { held, refusal: undefined });
  }

  private claimPort(service: Draft<Service>, options: { port: Draft<ServicePort>; index: number; mine: ReadonlySet<number>; claims: Map<number, Claim>; dryRun: boolean; again: boolean }): void {
    const { port, index, mine, claims, dryRun, again } = options;
    const number = port.nodePort as number;
    const refusal = (why: string): FieldError => invalid(spec.child("ports").index(index).child("nodePort"), number, why);
    if (again && claims.has(number)) throw refused(service, refusal(taken("port")));
    if (mine.has(number) || claims.has(number)) return;
    const problem = this.portProblem(number, dryRun);
    if (problem !== undefined) throw refused(service, refusal(problem));
    claims.set(number, { held: { port: number }, refusal: refusal(taken("port")) });
  }

  private portProblem(port: number, dryRun: boolean): string | undefined {
    const { first, last } = nodePortRange;
    if (!dryRun && !isIn(nodePortRange, port)) return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    return this.locks.isFree({ port }) ? undefined : taken("port");
  }

  private drawPort(claims: ReadonlyMap<number, Claim>, mine: ReadonlySet<number>): number {
    const port = drawFrom(nodePortRange, this.random, (candidate) => !claims.has(candidate) && !mine.has(candidate) && this.locks.isFree({ port: candidate }));
    if (port === undefined) throw internalError("failed to allocate a nodePort: range is full");
    return port;
  }
}

function refused(service: Draft<Service>, error: FieldError): Error {
  return invalidObject({ group: "", kind: "Service" }, service.metadata.name ?? "", [error]);
}
