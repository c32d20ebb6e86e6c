import type { DnsAnswer, Question } from "../../dns/answer.ts";
import { serverFailure } from "../../dns/answer.ts";
import { Directory } from "../../dns/directory.ts";
import { answerQuestion } from "../../dns/records.ts";
import type { HttpResponse } from "../network.ts";
import type { Program } from "../process.ts";
import { askServer, resolverConfig } from "../resolver.ts";
import { image } from "./image.ts";

/**
 * CoreDNS as kubeadm configures it: the names of the cluster, and for all others the name servers of its own /etc/resolv.conf. It
 * answers on port 53, says on 8080 and 8181 that it is well, and tells figures on 9153.
 */
const domain = "cluster.local";
const ttlSeconds = 30;
/** `lameduck 5s` of the Corefile: it goes on answering so long after TERM. */
const lameDuckMs = 5000;

const text = (status: number, body: string): HttpResponse => ({
  status,
  reason: status === 200 ? "OK" : "Not Found",
  headers: { "content-type": "text/plain; charset=utf-8", "content-length": String(body.length) },
  body,
});

const coredns: Program = async (process) => {
  const { network } = process.world;
  const directory = network.net.services?.directory ?? new Directory();
  const counts = new Map<string, number>();
  const forward = (question: Question): DnsAnswer => {
    for (const server of resolverConfig(process).nameservers) {
      const answer = askServer(network, server, question);
      if (typeof answer === "object") return answer;
    }
    return serverFailure;
  };
  const dns = (question: Question): DnsAnswer => {
    counts.set(question.type, (counts.get(question.type) ?? 0) + 1);
    return answerQuestion({ directory, domain, ttl: ttlSeconds, serverAddresses: [network.ip], forward }, question, process.clock.now());
  };
  const metrics = (): string => {
    const lines = ["# HELP coredns_dns_requests_total Counter of DNS requests made per zone, protocol and family.", "# TYPE coredns_dns_requests_total counter"];
    for (const [type, count] of [...counts].sort()) lines.push(`coredns_dns_requests_total{family="1",proto="udp",server="dns://:53",type="${type}",view="",zone="."} ${count}`);
    return `${lines.join("\n")}\n`;
  };
  const program = "coredns";
  const well = { program, http: () => text(200, "OK") };
  if (!network.listen(53, { dns, program }, "UDP") || !network.listen(53, { dns, program })) {
    process.write("stderr", "Listen: listen tcp :53: bind: address already in use\n");
    return 1;
  }
  network.listen(8080, well);
  network.listen(8181, well);
  network.listen(9153, { program, http: ({ path }) => (path === "/metrics" ? text(200, metrics()) : text(404, "404 page not found\n")) });
  process.write("stdout", ".:53\n[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5f046dd37f1cf888b953814040d180f52594972691cd6ff41be96639138a43908\nCoreDNS-1.12.4\nlinux/amd64, go1.24.7, 7e2cdbc\n");
  process.onSignal((signal) => {
    process.onSignal(() => undefined);
    process.write("stdout", `[INFO] ${signal === "TERM" ? "SIGTERM" : "SIGINT"}: Shutting down servers then terminating\n[INFO] plugin/health: Going into lameduck mode for ${lameDuckMs / 1000}s\n`);
    void process.sleep(lameDuckMs).then(() => process.exit(0));
  });
  await process.sleep(Infinity);
  return 0;
};

export const corednsImage = image({
  repositories: ["registry.k8s.io/coredns/coredns", "docker.io/coredns/coredns"],
  sizeBytes: 22_384_805,
  entrypoint: ["/coredns"],
  command: [],
  userland: false,
  programs: { coredns },
});
