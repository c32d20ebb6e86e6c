import type { Environment } from "../base/environment.ts";
import { andThen, rescued } from "../base/soon.ts";
import type { Soon } from "../base/soon.ts";
import { StatusError } from "../base/status-error.ts";
import { formatTime } from "../base/time.ts";
import type { KindRegistry } from "../api/registry.ts";
import { ProtobufEncoder } from "../api/protobuf/encode-protobuf.ts";
import type { Schema } from "../api/schema/schema.ts";
import type { Store } from "../store/contract.ts";
import { Admission } from "./admission/admission.ts";
import { certificatePlugins } from "./admission/certificates.ts";
import { defaultPlugins } from "./admission/plugins.ts";
import { AdmissionView } from "./admission/view.ts";
import { authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { bootstrapObjects } from "./bootstrap/objects.ts";
import type { ServerContext } from "./context.ts";
import { createDiscovery } from "./discovery/discovery.ts";
import { unauthorized } from "./errors.ts";
import { expireEvents } from "./event-expiry.ts";
import type { ClusterNetwork } from "./cluster-network.ts";
import type { MachineConsoles } from "./machine-console.ts";
import type { NodeAgents } from "./node-agent.ts";
import { RequestCounters } from "./metrics/request-counters.ts";
import type { Observed } from "./metrics/request-counters.ts";
import { OpenApi } from "./openapi/open-api.ts";
import { impersonate } from "./impersonate.ts";
import { QueryParser } from "./query.ts";
import { clusterAuthorizer } from "./rbac/cluster-authorizer.ts";
import { noEscalation } from "./rbac/escalation.ts";
import { authorizedInfo, requestInfo } from "./request-info.ts";
import type { ApiRequest, ApiResponse, ApiServer } from "./request.ts";
import { statusResponse, textResponse } from "./respond.ts";
import { isOpenPath, rootPath } from "./root-paths.ts";
import { resourceRequest } from "./route.ts";
import { fixedKeySigner } from "./tokens/fixed-key-signer.ts";
import { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";
import type { TokenSigner } from "./tokens/token-signer.ts";
import { ServiceAllocator } from "./services/allocator.ts";
import { WatchHub } from "./watch-hub.ts";

export interface ApiServerOptions {
  readonly environment: Environment;
  readonly store: Store;
  readonly registry: KindRegistry;
  readonly schema: Schema;
  /** Finds the agent of a node, for logs and exec. Absent: no node answers. */
  readonly nodeAgents?: NodeAgents;
  /** Finds the console of a simulated machine. Absent: there are none. */
  readonly machineConsoles?: MachineConsoles;
  /** The way to the programs of Pods. Absent: the proxy subresources say so. */
  readonly network?: ClusterNetwork;
  /** Signs the tokens of service accounts. Absent: with a key that everybody can read, for clusters that stay inside the process. */
  readonly tokenSigner?: TokenSigner;
  readonly gitVersion?: string;
  /** Host and port under which clients reach the server, as `/api` tells them. */
  readonly serverAddress?: string;
  /** False: the store stays as it is. Default: what a new cluster holds is written if it is missing. */
  readonly bootstrap?: boolean;
}

/**
 * The API server: one function from a request to an answer.
 *
 *   route -> authenticate -> authorize -> decode strictly -> mutate -> validate -> validating admission -> commit -> respond
 *
 * It owns no socket, no timer and no thread; what it knows of time and chance comes from the environment, what it keeps is in
 * the store. Reads are answered within the call, and so are writes where the store commits at once.
 */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { environment, store, registry, schema } = options;
  const objects = bootstrapObjects(formatTime(environment.clock.now()));
  const authorizer = clusterAuthorizer(store, objects);
  const gitVersion = options.gitVersion ?? "v1.36.3";
  const context: ServerContext = {
    environment,
    readersRandom: environment.random.fork("readers"),
    store,
    registry,
    schema,
    protobuf: new ProtobufEncoder(),
    nodeAgents: options.nodeAgents ?? (() => undefined),
    machineConsoles: options.machineConsoles ?? (() => undefined),
    network: options.network,
    authorizer,
    admission: new Admission([...defaultPlugins(store), noEscalation(authorizer), ...certificatePlugins(authorizer)], new AdmissionView(store, environment)),
    discovery: createDiscovery(registry, options.serverAddress ?? "127.0.0.1:6443"),
    services: new ServiceAllocator({ store, environment, schema, registry }),
    watches: new WatchHub(store),
    openApi: new OpenApi({ registry, schema, gitVersion, runner: environment.runner }),
    queries: new QueryParser(),
    counters: new RequestCounters({ clock: environment.clock, registry }),
    gitVersion,
    tokens: new ServiceAccountTokens({ store, environment, signer: options.tokenSigner ?? fixedKeySigner() }),
  };
  // A store in memory holds everything as soon as this returns; with a durable one, requests wait for it.
  let ready: Promise<void> | undefined;
  if (options.bootstrap !== false) ready = bootstrap({ environment, store, registry, schema, objects }).then(() => void (ready = undefined));
  expireEvents(environment, store);
  return {
    handle: (request) => (ready === undefined ? handle(context, request) : ready.then(() => handle(context, request))),
    refusal: (request) => (ready === undefined ? refusal(context, request) : undefined),
  };
}

function handle(context: ServerContext, request: ApiRequest): Soon<ApiResponse> {
  const observed = context.counters.begin(request);
  const response = rescued(
    () => route(context, request, observed),
    (error) => {
      if (error instanceof StatusError) return statusResponse(request, error, context);
      context.counters.end(observed, 500);
      throw error;
    },
  );
  return andThen(response, (answer) => {
    context.counters.end(observed, answer.status);
    return answer;
  });
}

function refusal(context: ServerContext, request: ApiRequest): ApiResponse | undefined {
  try {
    admitted(context, request);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return statusResponse(request, error, context);
    throw error;
  }
}

/** Who asks for what. Throws 401 and 403. */
function admitted(context: ServerContext, request: ApiRequest, observed?: Observed) {
  const path = decodePath(request.path);
  const query = context.queries.parse(request.query);
  const info = requestInfo(request.method, path, query);
  if (observed !== undefined) observed.info = info;
  const caller = authenticate(request, context.tokens);
  if (request.credentials.type === "none" && !isOpenPath(path)) throw unauthorized();
  const user = impersonate(context.authorizer, request, caller);
  if (request.credentials.type !== "none") authorize(context.authorizer, user, authorizedInfo(info, query));
  return { path, query, info, user };
}

function route(context: ServerContext, request: ApiRequest, observed: Observed): Soon<ApiResponse> {
  const { path, query, info, user } = admitted(context, request, observed);
  if (path.startsWith("//")) return textResponse(404, "404 page not found\n");
  if (info.type === "path") return rootPath({ context, request, query, path: info.path });
  return resourceRequest({ context, request, query, info, user });
}

function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
