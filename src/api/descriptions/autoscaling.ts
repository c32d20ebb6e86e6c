import type { TextTable } from "../openapi/texts.ts";
import { prefixed } from "./prefixed.ts";
import { conditionFields, observedGeneration, wantedAndSeen } from "./shared.ts";

const target = "What value is wanted.";
const current = "What value it has.";
const whichMetric = "Which metric.";
const object = "One object's metric, for instance the requests per second of an Ingress.";
const pods = "A metric of each Pod, averaged.";
const resource = "CPU or memory of each Pod, averaged.";
const containerResource = "CPU or memory of one container of each Pod, averaged.";
const external = "A metric from outside the cluster.";
const metricType = "Which of the other fields counts: Resource, ContainerResource, Pods, Object or External.";
const resourceName = "cpu or memory.";
const container = "Name of the container.";
const scaleTargetRef = "What is scaled: anything with a scale subresource, such as a Deployment.";
const minReplicas = "The fewest replicas. Default 1. 0 needs an Object or External metric.";
const maxReplicas = "The most replicas. Not less than minReplicas.";
const lastScaleTime = "When the number last changed.";

const scaled = { "": "Names what is scaled.", apiVersion: "Its group and version.", kind: "Its kind.", name: "Its name." };

/** HorizontalPodAutoscalers. */
export const autoscalingTexts: TextTable = {
  ...prefixed("io.k8s.api.autoscaling.v1.", {
    HorizontalPodAutoscaler: { "": "A HorizontalPodAutoscaler runs more or fewer Pods by what they have to do.", ...wantedAndSeen },
    HorizontalPodAutoscalerSpec: {
      "": "What is scaled, between which numbers, and by what.",
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      targetCPUUtilizationPercentage: "CPU wanted on average, in percent of what the Pods ask for. Default 80.",
    },
    HorizontalPodAutoscalerStatus: {
      "": "What was last seen.",
      observedGeneration,
      lastScaleTime,
      currentReplicas: "Replicas that there are.",
      desiredReplicas: "Replicas that there should be.",
      currentCPUUtilizationPercentage: "CPU used on average, in percent of what the Pods ask for.",
    },
    CrossVersionObjectReference: scaled,
  }),
  ...prefixed("io.k8s.api.autoscaling.v2.", {
    HorizontalPodAutoscaler: { "": "A HorizontalPodAutoscaler runs more or fewer Pods by what they have to do.", ...wantedAndSeen },
    HorizontalPodAutoscalerSpec: {
      "": "What is scaled, between which numbers, and by what.",
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      metrics: "By what: each metric says how many replicas it wants, and the highest number counts. Default: 80 % CPU on average.",
      behavior: "How fast the number changes.",
    },
    HorizontalPodAutoscalerStatus: {
      "": "What was last seen.",
      observedGeneration,
      lastScaleTime,
      currentReplicas: "Replicas that there are.",
      desiredReplicas: "Replicas that there should be.",
      currentMetrics: "What the metrics were.",
      conditions: "AbleToScale, ScalingActive: the metrics can be had, ScalingLimited: more or fewer are wanted than allowed.",
    },
    HorizontalPodAutoscalerCondition: {
      "": "One thing that is or is not the case with a HorizontalPodAutoscaler.",
      type: "AbleToScale, ScalingActive or ScalingLimited.",
      ...conditionFields,
    },
    HorizontalPodAutoscalerBehavior: {
      "": "How fast the number changes.",
      scaleUp: "Upwards. Default: at once, by 4 Pods or 100 % in 15 seconds, whichever is more.",
      scaleDown: "Downwards. Default: to the highest number wanted in the last 300 seconds, by 100 % in 15 seconds.",
    },
    HPAScalingRules: {
      "": "How fast the number changes in one direction.",
      stabilizationWindowSeconds: "How long back wishes are looked at, so that the number does not go up and down: the safest of them counts. 0 to 3600.",
      selectPolicy: "Which of the policies counts: Max (default), Min, or Disabled: no change in this direction.",
      policies: "By how much the number may change in what time.",
      tolerance: "How far the metric may be off before anything changes, as in 0.05 for 5 %. Default 0.1.",
    },
    HPAScalingPolicy: { "": "By how much the number may change in what time.", type: "Pods or Percent.", value: "How many Pods, or percent. More than 0.", periodSeconds: "In how many seconds. 1 to 1800." },
    CrossVersionObjectReference: scaled,
    MetricSpec: { "": "A metric and what is wanted of it.", type: metricType, object, pods, resource, containerResource, external },
    MetricStatus: { "": "A metric as it was.", type: metricType, object, pods, resource, containerResource, external },
    ObjectMetricSource: { "": object, describedObject: "The object.", target, metric: whichMetric },
    ObjectMetricStatus: { "": object, describedObject: "The object.", current, metric: whichMetric },
    PodsMetricSource: { "": pods, metric: whichMetric, target },
    PodsMetricStatus: { "": pods, metric: whichMetric, current },
    ResourceMetricSource: { "": resource, name: resourceName, target },
    ResourceMetricStatus: { "": resource, name: resourceName, current },
    ContainerResourceMetricSource: { "": containerResource, name: resourceName, target, container },
    ContainerResourceMetricStatus: { "": containerResource, name: resourceName, current, container },
    ExternalMetricSource: { "": external, metric: whichMetric, target },
    ExternalMetricStatus: { "": external, metric: whichMetric, current },
    MetricIdentifier: { "": "Names a metric.", name: "Its name.", selector: "Labels that narrow it down." },
    MetricTarget: {
      "": "What value is wanted.",
      type: "Which of the other fields counts: Utilization, Value or AverageValue.",
      value: "The value as a whole.",
      averageValue: "The value per Pod.",
      averageUtilization: "Per Pod in percent of what it asks for. For resources only.",
    },
    MetricValueStatus: { "": "A value.", value: "As a whole.", averageValue: "Per Pod.", averageUtilization: "Per Pod in percent of what it asks for." },
  }),
};
