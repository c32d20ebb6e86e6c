import type { Field, Schema, TypeNode } from "../schema/schema.ts";
import { descriptiveVolumeFields } from "./volume-fields.ts";

/**
 * A value as upstream's internal types print themselves: every field by its Go name, also those that are not set (null, zero,
 * empty). Internal types differ from those of the API here and there; what messages show of that stands in a table. Types of
 * meta/v1 have no internal form: they print as in the API.
 */
type Json = { readonly [key: string]: unknown };

export function goValue(schema: Schema, typeName: string, value: unknown): unknown {
  return printStruct(schema, typeName, (value ?? {}) as Json);
}

/** Fields that the internal type has elsewhere or not at all, and fields that it keeps in another place. */
interface Differences {
  readonly omitted?: readonly string[];
  /** JSON names in the order of the internal type; the others follow in the order of the API. */
  readonly order?: readonly string[];
}

const core = "io.k8s.api.core.v1.";

const differences: { readonly [typeName: string]: Differences } = {
  [`${core}PersistentVolumeClaimSpec`]: { order: ["accessModes", "selector", "resources", "volumeName", "storageClassName", "volumeMode"] },
  // Where the volume is: upstream keeps that in a struct of its own.
  [`${core}PersistentVolumeSpec`]: {
    omitted: descriptiveVolumeFields,
    order: [
      "gcePersistentDisk",
      "awsElasticBlockStore",
      "hostPath",
      "glusterfs",
      "nfs",
      "rbd",
      "quobyte",
      "iscsi",
      "flexVolume",
      "cinder",
      "cephfs",
      "fc",
      "flocker",
      "azureFile",
      "vsphereVolume",
      "azureDisk",
      "photonPersistentDisk",
      "portworxVolume",
      "scaleIO",
      "local",
      "storageos",
      "csi",
    ],
  },
  [`${core}PodSecurityContext`]: {
    order: [
      "seLinuxOptions",
      "windowsOptions",
      "runAsUser",
      "runAsGroup",
      "runAsNonRoot",
      "supplementalGroups",
      "supplementalGroupsPolicy",
      "fsGroup",
      "fsGroupChangePolicy",
      "sysctls",
    ],
  },
  [`${core}PodSpec`]: {
    omitted: ["serviceAccount", "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"],
    order: [
      "volumes",
      "initContainers",
      "containers",
      "ephemeralContainers",
      "restartPolicy",
      "terminationGracePeriodSeconds",
      "activeDeadlineSeconds",
      "dnsPolicy",
      "nodeSelector",
      "serviceAccountName",
      "automountServiceAccountToken",
      "nodeName",
      "securityContext",
      "imagePullSecrets",
      "hostname",
      "subdomain",
      "setHostnameAsFQDN",
      "affinity",
      "schedulerName",
      "tolerations",
      "hostAliases",
      "priorityClassName",
      "priority",
      "preemptionPolicy",
      "dnsConfig",
      "readinessGates",
      "runtimeClassName",
      "overhead",
      "enableServiceLinks",
      "topologySpreadConstraints",
      "os",
    ],
  },
};

/** Flags of the Pod that the internal type keeps in its security context. */
function podSecurityContext(schema: Schema, spec: Json): unknown {
  const context = spec["securityContext"];
  if (context === undefined) return null;
  const printed = printStruct(schema, `${core}PodSecurityContext`, context as Json) as { [key: string]: unknown };
  return {
    HostNetwork: spec["hostNetwork"] ?? false,
    HostPID: spec["hostPID"] ?? false,
    HostIPC: spec["hostIPC"] ?? false,
    ShareProcessNamespace: spec["shareProcessNamespace"] ?? null,
    HostUsers: spec["hostUsers"] ?? null,
    ...printed,
  };
}

function printStruct(schema: Schema, typeName: string, value: Json): unknown {
  const struct = schema.struct(typeName);
  const special = differences[typeName];
  let fields: readonly Field[] = struct.fields;
  if (special !== undefined) {
    const order = special.order ?? [];
    const place = (field: Field): number => (order.includes(field.name) ? order.indexOf(field.name) : order.length);
    fields = fields.filter(({ name }) => special.omitted?.includes(name) !== true).toSorted((a, b) => place(a) - place(b));
  }
  const out: { [key: string]: unknown } = {};
  for (const field of fields) {
    out[goName(field)] = typeName === `${core}PodSpec` && field.name === "securityContext" ? podSecurityContext(schema, value) : printField(schema, field, value[field.name]);
  }
  return out;
}

/** Go names that are more than the JSON name with a capital: fields of the types that workloads are made of. */
const goNames: { readonly [name: string]: string } = {
  apiGroup: "APIGroup",
  apiGroups: "APIGroups",
  apiVersion: "APIVersion",
  awsElasticBlockStore: "AWSElasticBlockStore",
  cephfs: "CephFS",
  chapAuthDiscovery: "DiscoveryCHAPAuth",
  chapAuthSession: "SessionCHAPAuth",
  csi: "CSI",
  diskURI: "DataDiskURI",
  dnsConfig: "DNSConfig",
  dnsPolicy: "DNSPolicy",
  endpoints: "EndpointsName",
  fc: "FC",
  fsGroup: "FSGroup",
  fsGroupChangePolicy: "FSGroupChangePolicy",
  fsType: "FSType",
  gcePersistentDisk: "GCEPersistentDisk",
  gmsaCredentialSpec: "GMSACredentialSpec",
  gmsaCredentialSpecName: "GMSACredentialSpecName",
  grpc: "GRPC",
  httpGet: "HTTPGet",
  httpHeaders: "HTTPHeaders",
  ip: "IP",
  iqn: "IQN",
  iscsi: "ISCSI",
  iscsiInterface: "ISCSIInterface",
  metadata: "ObjectMeta",
  nfs: "NFS",
  os: "OS",
  pdName: "PDName",
  pool: "RBDPool",
  rbd: "RBD",
  seLinuxChangePolicy: "SELinuxChangePolicy",
  seLinuxOptions: "SELinuxOptions",
  serviceAccount: "DeprecatedServiceAccount",
  sslEnabled: "SSLEnabled",
  storageos: "StorageOS",
  tcpSocket: "TCPSocket",
  ttlSecondsAfterFinished: "TTLSecondsAfterFinished",
  tty: "TTY",
  wwids: "WWIDs",
};

function goName(field: Field): string {
  return goNames[field.name] ?? field.name.charAt(0).toUpperCase() + field.name.slice(1);
}

function printField(schema: Schema, field: Field, value: unknown): unknown {
  if ((value === undefined || value === null) && (field.pointer || field.node.kind === "list" || field.node.kind === "map")) return null;
  return printNode(schema, field.node, value);
}

function printNode(schema: Schema, node: TypeNode, value: unknown): unknown {
  switch (node.kind) {
    case "struct": {
      const name = node.structName ?? "";
      if (name.startsWith("io.k8s.apimachinery.")) return value ?? {};
      return printStruct(schema, name, (value ?? {}) as Json);
    }
    case "list":
      return value === undefined ? null : (value as unknown[]).map((item) => (node.item === undefined ? item : printNode(schema, node.item, item)));
    case "map":
      return value === undefined
        ? null
        : Object.fromEntries(Object.entries(value as Json).map(([key, item]) => [key, node.item === undefined ? item : printNode(schema, node.item, item)]));
    case "string":
      return value ?? "";
    case "boolean":
      return value ?? false;
    case "int32":
    case "int64":
    case "double":
    case "intOrString":
      return value ?? 0;
    case "quantity":
      return value ?? "0";
    default:
      return value ?? null;
  }
}
