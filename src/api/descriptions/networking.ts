import type { TextTable } from "../openapi/texts.ts";
import { prefixed } from "./prefixed.ts";
import { wantedAndSeen } from "./shared.ts";

/** Ingresses and network policies. */
export const networkingTexts: TextTable = prefixed("io.k8s.api.networking.v1.", {
  Ingress: { "": "An Ingress leads HTTP from outside to Services, by host and path. It takes a controller to do it.", ...wantedAndSeen },
  IngressSpec: {
    "": "What leads where.",
    ingressClassName: "The IngressClass, and with it the controller, that does it. Unset: the default one, if there is one.",
    defaultBackend: "Where everything goes that no rule fits.",
    tls: "Certificates for hosts. The port is 443.",
    rules: "Rules by host and path.",
  },
  IngressTLS: { "": "A certificate for hosts.", hosts: "The hosts, as the certificate names them. Default: all.", secretName: "The Secret of type kubernetes.io/tls with key and certificate." },
  IngressRule: { "": "Paths of one host.", host: "The host: a full name, or *.example.com for one label more. Empty: all. No addresses, no ports.", http: "Its paths." },
  HTTPIngressRuleValue: { "": "Paths and where they lead.", paths: "The paths. The longest that fits counts." },
  HTTPIngressPath: {
    "": "A path and where it leads.",
    path: "The path, beginning with /.",
    pathType: "Exact: it is the whole path. Prefix: the path begins with it, part by part. ImplementationSpecific: as the controller likes.",
    backend: "Where it leads.",
  },
  IngressBackend: { "": "Where traffic is led: a Service or something else.", service: "A Service.", resource: "Another object of the namespace. Not together with service." },
  IngressServiceBackend: { "": "A port of a Service.", name: "The Service, in the same namespace.", port: "The port." },
  ServiceBackendPort: { "": "A port, by name or by number.", name: "Its name.", number: "Its number." },
  IngressStatus: { "": "What was last seen of an Ingress.", loadBalancer: "Where it can be reached." },
  IngressLoadBalancerStatus: { "": "Where an Ingress can be reached.", ingress: "Its addresses." },
  IngressLoadBalancerIngress: { "": "An address.", ip: "The address.", hostname: "The name.", ports: "State of the single ports." },
  IngressPortStatus: { "": "State of a port.", port: "The port.", protocol: "TCP, UDP or SCTP.", error: "What is wrong with it, in one word; empty if nothing is." },
  IngressClass: { "": "An IngressClass says which controller handles Ingresses. One may be the default, by an annotation.", spec: "Which controller." },
  IngressClassSpec: { "": "Which controller, with what parameters.", controller: "The controller, as in example.com/ingress. Never changes.", parameters: "An object with further settings." },
  IngressClassParametersReference: {
    "": "Points to the settings of an IngressClass.",
    apiGroup: "Group of the object; unset for the core group.",
    kind: "Its kind.",
    name: "Its name.",
    scope: "Cluster (default) or Namespace.",
    namespace: "Its namespace. For scope Namespace.",
  },
  NetworkPolicy: { "": "A NetworkPolicy says who may talk to Pods, and to whom they may. A Pod that no policy means may talk to all. It takes a network that enforces it.", spec: "Which Pods, and what is allowed." },
  NetworkPolicySpec: {
    "": "Which Pods are meant, and what they may do. What no rule of any policy allows is forbidden.",
    podSelector: "The Pods that are meant. Empty: all of the namespace.",
    ingress: "Who may talk to them. Empty: nobody but their own node.",
    egress: "To whom they may talk. Empty: to nobody.",
    policyTypes: "Ingress, Egress or both: which directions the policy is about. Default: Ingress, and Egress if there are egress rules.",
  },
  NetworkPolicyIngressRule: { "": "Allows traffic in: from one of from, to one of ports.", ports: "To which ports of the Pods. Empty: all.", from: "From whom. Empty: everybody." },
  NetworkPolicyEgressRule: { "": "Allows traffic out: to one of to, at one of ports.", ports: "To which ports there. Empty: all.", to: "To whom. Empty: everybody." },
  NetworkPolicyPeer: {
    "": "Somebody to talk with: Pods or a range of addresses.",
    podSelector: "Pods, by labels, of the policy's namespace or of those that namespaceSelector chooses.",
    namespaceSelector: "Namespaces, by labels. Empty: all. Without podSelector: all Pods in them.",
    ipBlock: "A range of addresses. Not together with the others.",
  },
  NetworkPolicyPort: {
    "": "A port, or a range of ports.",
    protocol: "TCP (default), UDP or SCTP.",
    port: "The number, or the name of a port of the Pods. Unset: all.",
    endPort: "The last number of a range that begins with port.",
  },
  IPBlock: { "": "A range of addresses.", cidr: "The range, as in 192.0.2.0/24.", except: "Ranges in it that are left out." },
});
