import type { TextTable } from "../openapi/texts.ts";
import { prefixed } from "./prefixed.ts";
import { observedGeneration, wantedAndSeen } from "./shared.ts";

/** Small groups: leases, events, priorities, disruption budgets, and Coracle's own time and machines. */
export const groupTexts: TextTable = {
  ...prefixed("io.k8s.api.coordination.v1.", {
    Lease: { "": "A Lease says who holds something, and that the holder is alive. Nodes beat their heart with it, controllers elect their leader.", spec: "Who holds it, and since when." },
    LeaseSpec: {
      "": "Who holds a lease.",
      holderIdentity: "Who holds it. Empty: nobody.",
      leaseDurationSeconds: "How long after renewTime others must wait before they may take it.",
      acquireTime: "When the holder took it.",
      renewTime: "When the holder last renewed it.",
      leaseTransitions: "How often it has passed from one holder to another.",
      strategy: "How the holder is chosen when somebody coordinates: OldestEmulationVersion.",
      preferredHolder: "Who should have it next: a sign to the holder to let it go. Needs strategy.",
    },
  }),
  ...prefixed("io.k8s.api.scheduling.v1.", {
    PriorityClass: {
      "": "A PriorityClass gives a name to how important Pods are.",
      value: "The priority of its Pods: the higher, the more important. Up to 1,000,000,000; above that are the system's own. Never changes.",
      globalDefault: "True: Pods that name no class get this one. There can be one. Default false.",
      description: "What it is meant for.",
      preemptionPolicy: "Whether its Pods may push less important ones off a node: PreemptLowerPriority (default) or Never. Never changes.",
    },
  }),
  ...prefixed("io.k8s.api.policy.v1.", {
    PodDisruptionBudget: { "": "A PodDisruptionBudget says how many of a set of Pods must stay when Pods are evicted, as by kubectl drain.", ...wantedAndSeen },
    PodDisruptionBudgetSpec: {
      "": "How many Pods must stay. Either minAvailable or maxUnavailable.",
      minAvailable: "How many Pods must be available after an eviction: a number, or a share such as 50%, rounded up. 100% allows none.",
      selector: "The Pods that are meant. Empty: all of the namespace; unset: none.",
      maxUnavailable: "How many Pods may be unavailable after an eviction: a number, or a share rounded up. 0 allows none. For Pods with a controller.",
      unhealthyPodEvictionPolicy: "Whether Pods that run but are not Ready may be evicted: IfHealthyBudget (default) only while enough others are healthy, AlwaysAllow always.",
    },
    PodDisruptionBudgetStatus: {
      "": "How many Pods may be evicted now.",
      observedGeneration,
      disruptedPods: "Pods whose eviction was allowed and that are not seen to be deleted yet, with the time.",
      disruptionsAllowed: "How many evictions are allowed now.",
      currentHealthy: "Pods that are healthy.",
      desiredHealthy: "How many must be healthy.",
      expectedPods: "How many there should be in all.",
      conditions: "DisruptionAllowed: whether an eviction is allowed, and if it cannot be told, why.",
    },
    Eviction: { "": "An Eviction asks a Pod to go, within its disruption budgets.", deleteOptions: "How to delete it." },
  }),
  ...prefixed("io.k8s.api.events.v1.", {
    Event: {
      "": "An Event tells that something happened to an object. It is gone after an hour; nothing should depend on it.",
      eventTime: "When it first happened. Needed.",
      series: "How often it has happened since. Unset: once.",
      reportingController: "The controller that tells it, as in kubernetes.io/kubelet.",
      reportingInstance: "Which instance of it, as in kubelet-xyzf.",
      action: "What was done, or failed. At most 128 characters.",
      reason: "Why it was done, in one word in CamelCase. At most 128 characters.",
      regarding: "The object to which it happened.",
      related: "A second object that has to do with it.",
      note: "What happened, for people. At most 1 KiB.",
      type: "Normal or Warning.",
      deprecatedSource: "For the old form: who tells it.",
      deprecatedFirstTimestamp: "For the old form: when it first happened.",
      deprecatedLastTimestamp: "For the old form: when it last happened.",
      deprecatedCount: "For the old form: how often.",
    },
    EventSeries: { "": "A row of like events.", count: "How many, up to the last heartbeat.", lastObservedTime: "When the last one was seen." },
  }),
  ...prefixed("io.k8s.api.autoscaling.v1.", {
    Scale: { "": "How many replicas there are and should be, whatever the kind.", ...wantedAndSeen },
    ScaleSpec: { "": "How many are wanted.", replicas: "How many replicas there should be." },
    ScaleStatus: { "": "How many there are.", replicas: "Replicas that there are.", selector: "The Pods that are meant, as a label selector in text." },
  }),
  ...prefixed("dev.coracle.sim.v1alpha1.", {
    Clock: { "": "The clock of a simulated cluster. There is one, named cluster, and only while time is virtual.", ...wantedAndSeen },
    ClockSpec: {
      "": "Where time goes.",
      at: "Go to this instant and stop there. Never backwards. Unset: time follows speed.",
      speed: "Virtual seconds for each second of the machine. 0 (default) stands still.",
      paused: "True holds time where it is, whatever at and speed say. Default false.",
    },
    ClockStatus: { "": "Where time is.", now: "The instant reached, with nothing left to do before it." },
    Machine: { "": "A simulated machine. Its kubelet registers a Node for it.", ...wantedAndSeen },
    MachineSpec: {
      "": "What a machine is and in what state it should be.",
      capacity: "What it has: cpu, memory, pods, ephemeral-storage and so on.",
      labels: "Labels with which its kubelet registers the Node.",
      taints: "Taints with which its kubelet registers the Node.",
      power: "On (default) or Off. Off ends its containers and its heartbeat at once.",
      network: "Connected (default) or Partitioned: its containers run on, but nobody hears of it.",
    },
    MachineStatus: {
      "": "What a machine does.",
      power: "On or Off. Follows spec.power once its processes are gone or its kubelet is up.",
      address: "Its address.",
      nodeName: "Name of the Node that its kubelet has registered.",
    },
  }),
};
