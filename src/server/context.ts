import type { Environment, Random } from "../base/environment.ts";
import type { Soon } from "../base/soon.ts";
import type { Kind, KindRegistry } from "../api/registry.ts";
import type { Empty } from "../api/schema/empties.ts";
import type { ProtobufEncoder } from "../api/protobuf/encode-protobuf.ts";
import type { Schema } from "../api/schema/schema.ts";
import type { Store } from "../store/contract.ts";
import type { Admission } from "./admission/admission.ts";
import type { Authorizer } from "./authorize.ts";
import type { Discovery } from "./discovery/discovery.ts";
import type { ClusterNetwork } from "./cluster-network.ts";
import type { MachineConsoles } from "./machine-console.ts";
import type { NodeAgents } from "./node-agent.ts";
import type { RequestCounters } from "./metrics/request-counters.ts";
import type { OpenApi } from "./openapi/open-api.ts";
import type { Query, QueryParser } from "./query.ts";
import type { Representation } from "./negotiate.ts";
import type { ApiRequest, ApiResponse, UserInfo } from "./request.ts";
import type { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";
import type { ServiceAllocator } from "./services/allocator.ts";
import type { WatchHub } from "./watch-hub.ts";

/** What all parts of one server share. */
export interface ServerContext {
  readonly environment: Environment;
  /** Chance for requests that only read: whatever comes through a port, names and uids stay a function of the seed. */
  readonly readersRandom: Random;
  readonly store: Store;
  readonly registry: KindRegistry;
  readonly schema: Schema;
  readonly protobuf: ProtobufEncoder;
  readonly nodeAgents: NodeAgents;
  readonly machineConsoles: MachineConsoles;
  readonly network: ClusterNetwork | undefined;
  readonly authorizer: Authorizer;
  readonly admission: Admission;
  readonly discovery: Discovery;
  readonly services: ServiceAllocator;
  readonly openApi: OpenApi;
  readonly watches: WatchHub;
  readonly queries: QueryParser;
  readonly counters: RequestCounters;
  readonly gitVersion: string;
  readonly tokens: ServiceAccountTokens;
}

/** One request for a known resource, authenticated and authorized. */
export interface ResourceCall {
  readonly server: ServerContext;
  readonly request: ApiRequest;
  readonly query: Query;
  readonly kind: Kind;
  /** "" at cluster scope and for all namespaces. */
  readonly namespace: string;
  /** "" for a collection. */
  readonly name: string;
  readonly subresource: string;
  readonly user: UserInfo;
  readonly representation: Representation;
  /** Texts for Warning headers, gathered on the way. */
  readonly warnings: string[];
  /** Where the client gave an empty list or map. */
  readonly empties: Empty[];
}

export type Handler = (call: ResourceCall) => Soon<ApiResponse>;
