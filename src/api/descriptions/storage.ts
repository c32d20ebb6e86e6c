import type { TextTable } from "../openapi/texts.ts";
import { prefixed } from "./prefixed.ts";
import { wantedAndSeen } from "./shared.ts";
import { volumeTexts } from "./volumes.ts";

const core = "io.k8s.api.core.v1.";
/** What a volume of a Pod says of a source holds for a PersistentVolume as well. */
const asInPods = (name: string): TextTable[string] => volumeTexts[`${core}${name}`] ?? {};

/** Sources that a PersistentVolume can have, too. */
const sharedSources = [
  "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "iscsi", "cinder", "cephfs", "fc", "flocker", "flexVolume", "azureFile", "vsphereVolume",
  "quobyte", "azureDisk", "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos",
];

/** Persistent volumes, classes of storage, and runtime classes. */
export const storageTexts: TextTable = {
  ...prefixed(core, {
    PersistentVolume: { "": "A PersistentVolume is a piece of storage that a claim can have.", ...wantedAndSeen },
    PersistentVolumeSpec: {
      "": "What the storage is, and who may have it. Exactly one source.",
      ...Object.fromEntries(Object.entries(asInPods("Volume")).filter(([name]) => sharedSources.includes(name))),
      capacity: "How much it holds.",
      accessModes: "How it can be mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod.",
      claimRef: "The claim that has it, or that it is kept for.",
      persistentVolumeReclaimPolicy: "What becomes of it when its claim is gone: Retain (default for those made by hand), Delete (default for those made by a class), Recycle (old).",
      storageClassName: "Its StorageClass. Empty: none.",
      mountOptions: "Options for mounting, as in hard or nfsvers=4.1. Not checked beforehand.",
      volumeMode: "Filesystem (default) or Block.",
      nodeAffinity: "The nodes that can reach it. Pods that use it run there.",
      volumeAttributesClassName: "Its VolumeAttributesClass.",
      local: "A disk or directory of one node. Needs nodeAffinity.",
      csi: "A volume of a CSI driver.",
      hostPath: "A directory of the node. For trying things on a single node.",
    },
    PersistentVolumeStatus: {
      "": "What was last seen of a volume.",
      phase: "Available, Bound, Released: its claim is gone, Failed: it could not be reclaimed, Pending.",
      message: "Why it is as it is, for people.",
      reason: "Why, in one word.",
      lastPhaseTransitionTime: "When the phase last changed.",
    },
    VolumeNodeAffinity: { "": "The nodes that can reach a volume.", required: "What a node must be." },
    LocalVolumeSource: { "": "A disk or directory of one node.", path: "Where it is on the node.", fsType: "File system, if it is a device. Default: found out." },
    SecretReference: { "": "Points to a Secret.", name: "Its name.", namespace: "Its namespace." },
    CSIPersistentVolumeSource: {
      "": "A volume of a CSI driver.",
      driver: "Name of the driver.",
      volumeHandle: "What the driver calls the volume. Never changes.",
      readOnly: "True: it is read-only. Default false.",
      fsType: "File system of the volume. Default: what the driver says.",
      volumeAttributes: "What the driver wants to know.",
      controllerPublishSecretRef: "A Secret for attaching and detaching.",
      nodeStageSecretRef: "A Secret for preparing it on a node.",
      nodePublishSecretRef: "A Secret for mounting it.",
      controllerExpandSecretRef: "A Secret for growing it.",
      nodeExpandSecretRef: "A Secret for growing it on a node.",
    },
    AzureFilePersistentVolumeSource: { ...asInPods("AzureFileVolumeSource"), secretNamespace: "Namespace of the Secret. Default: that of the claim." },
    CephFSPersistentVolumeSource: asInPods("CephFSVolumeSource"),
    CinderPersistentVolumeSource: asInPods("CinderVolumeSource"),
    FlexPersistentVolumeSource: asInPods("FlexVolumeSource"),
    GlusterfsPersistentVolumeSource: { ...asInPods("GlusterfsVolumeSource"), endpointsNamespace: "Namespace of the Endpoints. Default: that of the claim." },
    ISCSIPersistentVolumeSource: asInPods("ISCSIVolumeSource"),
    RBDPersistentVolumeSource: asInPods("RBDVolumeSource"),
    ScaleIOPersistentVolumeSource: asInPods("ScaleIOVolumeSource"),
    StorageOSPersistentVolumeSource: asInPods("StorageOSVolumeSource"),
    TopologySelectorTerm: { "": "Chooses places.", matchLabelExpressions: "Requirements on labels; all must hold." },
    TopologySelectorLabelRequirement: { "": "A requirement on a label.", key: "The key of the label.", values: "One of these must be its value." },
  }),
  ...prefixed("io.k8s.api.storage.v1.", {
    StorageClass: {
      "": "A StorageClass says how storage is made when a claim asks for it. One may be the default, by an annotation.",
      provisioner: "Who makes it: mostly a CSI driver. Never changes.",
      parameters: "What the provisioner wants to know. Never changes.",
      reclaimPolicy: "What becomes of volumes when their claims are gone: Delete (default) or Retain. Never changes.",
      mountOptions: "Options for mounting. Not checked beforehand.",
      allowVolumeExpansion: "Whether claims may grow. Default false.",
      volumeBindingMode: "Immediate (default): a volume is made as soon as it is claimed. WaitForFirstConsumer: when a Pod uses it, so that it is made where the Pod can run. Never changes.",
      allowedTopologies: "Where volumes may be made. Unset: anywhere.",
    },
  }),
  ...prefixed("io.k8s.api.node.v1.", {
    RuntimeClass: {
      "": "A RuntimeClass says with which container runtime Pods run.",
      handler: "Its name in the configuration of the runtime on the nodes. Never changes.",
      overhead: "What a Pod takes beside its containers.",
      scheduling: "Which nodes have it. Unset: all.",
    },
    Overhead: { "": "What a Pod takes beside its containers.", podFixed: "How much, by resource." },
    Scheduling: { "": "Which nodes have a runtime.", nodeSelector: "Labels that they have; added to those of the Pod.", tolerations: "Taints of theirs that Pods put up with; added to those of the Pod." },
  }),
};
