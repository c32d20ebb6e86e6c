import type { TextTable } from "../openapi/texts.ts";
import { prefixed } from "./prefixed.ts";

/** Texts of the kinds of metrics.k8s.io, in our own words. */
const timestamp = "When the figures were taken. They are those of the window that ended then.";
const window = "How far back the use of the processor reaches; memory is that of the moment.";

export const metricsTexts: TextTable = prefixed("io.k8s.metrics.pkg.apis.metrics.v1beta1.", {
  ContainerMetrics: {
    "": "What one container uses.",
    name: "Name of the container, as the Pod calls it.",
    usage: "Processor time as a part of a core, and memory in bytes: the working set.",
  },
  NodeMetrics: {
    "": "What a node uses, its own daemons included.",
    timestamp,
    window,
    usage: "Processor time in cores, and memory in bytes, of everything that runs on the node.",
  },
  PodMetrics: {
    "": "What a Pod uses, container by container. A Pod of which a container does not run has none.",
    timestamp,
    window,
    containers: "What each of its running containers uses.",
  },
});
