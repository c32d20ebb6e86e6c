import type { TextTable } from "../openapi/texts.ts";
import { prefixed } from "./prefixed.ts";
import { conditionFields, observedGeneration, wantedAndSeen } from "./shared.ts";

const minReadySeconds = "Seconds that a new Pod must have been Ready, without a container crashing, to count as available. Default 0: as soon as it is Ready.";
const revisionHistoryLimit = "How many old revisions are kept, to go back to. Default 10.";
const collisionCount = "How often a made-up name was taken already; goes into the next name, so that it is another one.";
const terminatingReplicas = "Pods that have been asked to end and have not ended yet.";
const replicaFields = {
  fullyLabeledReplicas: "Those of them that have all labels of the template.",
  readyReplicas: "Those of them that are Ready.",
  availableReplicas: "Those of them that have been Ready for minReadySeconds.",
  terminatingReplicas,
  observedGeneration,
};

/** Deployments, ReplicaSets, DaemonSets, StatefulSets and the revisions that they keep. */
export const appsTexts: TextTable = prefixed("io.k8s.api.apps.v1.", {
  DaemonSet: { "": "A DaemonSet runs one Pod on every node that fits.", ...wantedAndSeen },
  DaemonSetSpec: {
    "": "Which Pod runs on which nodes, and how a change reaches them.",
    selector: "The Pods that belong to the DaemonSet. Must fit the labels of the template. Never changes.",
    template: "The Pod that runs on every node that its nodeSelector, affinity and tolerations admit, or on every node. restartPolicy must be Always.",
    updateStrategy: "How Pods of an old template give way to the new one.",
    minReadySeconds,
    revisionHistoryLimit,
  },
  DaemonSetUpdateStrategy: {
    "": "How Pods are replaced when the template changes.",
    type: "RollingUpdate (default) replaces them by itself, a few at a time. OnDelete waits until somebody deletes the old ones.",
    rollingUpdate: "The pace. Only with RollingUpdate.",
  },
  RollingUpdateDaemonSet: {
    "": "The pace of a rolling update.",
    maxUnavailable: "How many nodes may be without an available Pod during the update: a number, or a share of the nodes such as 10%, rounded up. Default 1. May be 0 only if maxSurge is not.",
    maxSurge: "How many nodes may run an old and a new Pod during the update, so that the old one goes only when the new one is available. A number, or a share rounded up. Default 0. Needs room for both, host ports too.",
  },
  DaemonSetStatus: {
    "": "How far a DaemonSet has come. All numbers count nodes.",
    currentNumberScheduled: "Nodes that should have a Pod and have at least one.",
    numberMisscheduled: "Nodes that have a Pod and should not.",
    desiredNumberScheduled: "Nodes that should have a Pod.",
    numberReady: "Nodes that should have a Pod and have one that is Ready.",
    observedGeneration,
    updatedNumberScheduled: "Nodes that have a Pod of the newest template.",
    numberAvailable: "Nodes that should have a Pod and have one that has been Ready for minReadySeconds.",
    numberUnavailable: "Nodes that should have a Pod and have none that is available.",
    collisionCount,
    conditions: "What is or is not the case with the DaemonSet. The system itself sets none.",
  },
  DaemonSetCondition: { "": "One thing that is or is not the case with a DaemonSet.", type: "What the condition is about.", ...conditionFields },
  Deployment: { "": "A Deployment keeps Pods of one kind running, and leads them from one version to the next.", ...wantedAndSeen },
  DeploymentSpec: {
    "": "Which Pods run, how many, and how a change reaches them.",
    replicas: "How many Pods there should be. Default 1; 0 is allowed. May change at any time, also by way of the scale subresource.",
    selector: "The Pods that belong to the Deployment. Must fit the labels of the template. Never changes.",
    template: "The Pods to run. Each change of it begins a rollout. restartPolicy must be Always.",
    strategy: "How Pods of an old template give way to the new one.",
    minReadySeconds,
    revisionHistoryLimit: "How many old ReplicaSets are kept, to go back to. Default 10; 0 keeps none, and then there is no way back.",
    paused: "True: changes of the template start no rollout until it is false again. Scaling goes on.",
    progressDeadlineSeconds: "Seconds that a rollout may go without progress; then the condition Progressing tells ProgressDeadlineExceeded. The rollout is tried on all the same. Default 600. Does not count while paused.",
  },
  DeploymentStrategy: {
    "": "How Pods are replaced when the template changes.",
    type: "RollingUpdate (default) brings new Pods up while old ones go. Recreate ends all old ones first.",
    rollingUpdate: "The pace. Only with RollingUpdate.",
  },
  RollingUpdateDeployment: {
    "": "The pace of a rolling update.",
    maxUnavailable: "How many Pods below the wanted number may be unavailable: a number, or a share of replicas such as 25%, rounded down. Default 25%. Not 0 if maxSurge is 0.",
    maxSurge: "How many Pods above the wanted number there may be: a number, or a share of replicas rounded up. Default 25%. Not 0 if maxUnavailable is 0.",
  },
  DeploymentStatus: {
    "": "How far a Deployment has come.",
    observedGeneration,
    replicas: "Pods of the Deployment, of whatever template, that are not being deleted.",
    updatedReplicas: "Those of them that have the newest template.",
    readyReplicas: "Those of them that are Ready.",
    availableReplicas: "Those of them that have been Ready for minReadySeconds.",
    unavailableReplicas: "How many available Pods are still wanting.",
    terminatingReplicas,
    conditions: "Available: enough Pods are available. Progressing: a rollout goes on, or has ended well. ReplicaFailure: Pods cannot be made or deleted.",
    collisionCount,
  },
  DeploymentCondition: {
    "": "One thing that is or is not the case with a Deployment.",
    type: "Available, Progressing or ReplicaFailure.",
    lastUpdateTime: "When the condition was last written.",
    ...conditionFields,
  },
  ReplicaSet: { "": "A ReplicaSet keeps a number of like Pods running. Mostly made by a Deployment.", ...wantedAndSeen },
  ReplicaSetSpec: {
    "": "Which Pods run, and how many.",
    replicas: "How many Pods there should be. Default 1; 0 is allowed.",
    minReadySeconds,
    selector: "The Pods that belong to the ReplicaSet; ones that fit and have no controller are taken in. Must fit the labels of the template. Never changes.",
    template: "The Pods to make. A change is seen in those that are made after it; those that run stay as they are.",
  },
  ReplicaSetStatus: {
    "": "How many Pods there are.",
    replicas: "Pods that there are, without those being deleted.",
    ...replicaFields,
    conditions: "ReplicaFailure: Pods cannot be made or deleted, for example because of a quota.",
  },
  ReplicaSetCondition: { "": "One thing that is or is not the case with a ReplicaSet.", type: "ReplicaFailure.", ...conditionFields },
  StatefulSet: { "": "A StatefulSet runs Pods that each keep a name, an address and storage of their own, however often they are replaced.", ...wantedAndSeen },
  StatefulSetSpec: {
    "": "Which Pods run, how many, in what order, and with what storage.",
    replicas: "How many Pods there should be. Default 1. They are named after the set with an ordinal: web-0, web-1 and so on.",
    selector: "The Pods that belong to the set. Must fit the labels of the template. Never changes.",
    template: "The Pods to run; each also gets its own name and storage. A change begins a rollout.",
    volumeClaimTemplates: "Claims that each Pod gets for itself, named claim-set-ordinal. One with the name of a volume of the template takes its place. They outlive the Pod. Never changes.",
    serviceName: "The headless Service under which each Pod has a DNS name: pod.service.namespace.svc. It must be made by you. Never changes.",
    podManagementPolicy: "OrderedReady (default): one Pod after the other, each once the one before is Ready, and back in reverse order. Parallel: all at once. Never changes.",
    updateStrategy: "How Pods of an old template give way to the new one.",
    revisionHistoryLimit,
    minReadySeconds,
    persistentVolumeClaimRetentionPolicy: "What becomes of the claims when the set is deleted or scaled down. By default they stay.",
    ordinals: "With what number the names of Pods begin. By default 0.",
  },
  StatefulSetUpdateStrategy: {
    "": "How Pods are replaced when the template changes.",
    type: "RollingUpdate (default) replaces them by itself, from the highest ordinal down. OnDelete waits until somebody deletes the old ones.",
    rollingUpdate: "Which Pods, and the pace. Only with RollingUpdate.",
  },
  RollingUpdateStatefulSetStrategy: {
    "": "Which Pods a rolling update reaches, and its pace.",
    partition: "Only Pods with this ordinal or a higher one are brought to the new template; the others stay, even if they are deleted and come again. Default 0: all.",
    maxUnavailable: "How many Pods may be unavailable during the update: a number, or a share of replicas rounded up. Default 1. Not 0.",
  },
  StatefulSetOrdinals: { "": "The numbers in the names of Pods.", start: "The first number. The Pods are start to start+replicas-1. Default 0." },
  StatefulSetPersistentVolumeClaimRetentionPolicy: {
    "": "What becomes of the claims that were made from volumeClaimTemplates.",
    whenDeleted: "When the set is deleted: Retain (default) keeps them, Delete deletes them.",
    whenScaled: "When the set is scaled down, for the Pods that go: Retain (default) keeps them, Delete deletes them.",
  },
  StatefulSetStatus: {
    "": "How far a StatefulSet has come.",
    observedGeneration,
    replicas: "Pods that there are.",
    readyReplicas: "Those of them that are Ready.",
    currentReplicas: "Those of them that have the template of currentRevision.",
    updatedReplicas: "Those of them that have the template of updateRevision.",
    currentRevision: "The revision that Pods have before the update reaches them.",
    updateRevision: "The revision that the update leads to.",
    collisionCount,
    conditions: "What is or is not the case with the set. The system itself sets none.",
    availableReplicas: "Those of them that have been Ready for minReadySeconds.",
  },
  StatefulSetCondition: { "": "One thing that is or is not the case with a StatefulSet.", type: "What the condition is about.", ...conditionFields },
  ControllerRevision: {
    "": "A former template of a DaemonSet or StatefulSet, kept so that there is a way back. Made and deleted by their controllers.",
    data: "What was written then. Never changes.",
    revision: "Counts up from one change to the next; the highest is the newest.",
  },
});
