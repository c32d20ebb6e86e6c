import { bindCommands } from "../commands/bind.ts";
import { openNetcat } from "../commands/nc.ts";
import { muslPing } from "../commands/ping.ts";
import type { Program } from "../process.ts";
import { alpine, alpineWithAll, alpineWithCurl, busybox, debian, isAlpineTag } from "./distributions.ts";
import { image, stayUp, versioned } from "./image.ts";
import type { SimulatedImage } from "./image.ts";

/** Images of one or two lines. */

/** Counts to its argument, one line every two seconds. A shell script: PID 1 without a handler, deaf to TERM. */
const jobDemo: Program = async (process) => {
  const times = Number(process.argv[1] ?? "10");
  process.write("stdout", `This Job will echo message ${times} times\n`);
  for (let i = 1; i <= times; i++) {
    process.write("stdout", `${i}] Hey I will run till the job completes.\n`);
    await process.sleep(2000);
  }
  return 0;
};

const hello: Program = async (process) => {
  process.write("stdout", "\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n");
  return 0;
};

/** Prints what the image's own entrypoint would run and runs it: `entrypoint.sh curl …`. */
const curlEntrypoint: Program = (process) => {
  const rest = process.argv.slice(1);
  return process.world.execute(process, rest[0] === undefined || rest[0].startsWith("-") || rest[0].includes("://") ? ["curl", ...rest] : rest);
};

const httpd: Program = async (process) => {
  const body = "<html><body><h1>It works!</h1></body></html>\n";
  const http = async () => ({ status: 200, reason: "OK", headers: { server: "Apache/2.4.66 (Unix)", "content-type": "text/html", "content-length": String(body.length) }, body });
  if (!process.world.network.listen(80, { http, program: "httpd" })) return 1;
  process.write("stderr", "AH00094: Command line: 'httpd -D FOREGROUND'\n");
  process.onSignal(() => process.exit(0));
  await process.sleep(Infinity);
  return 0;
};

export const smallImages: readonly SimulatedImage[] = [
  image({ repositories: ["docker.io/library/busybox", "registry.k8s.io/e2e-test-images/busybox", "gcr.io/google-containers/busybox", "k8s.gcr.io/busybox"], hasTag: versioned(1, 38), sizeBytes: 2_222_260, distribution: () => busybox }),
  image({ repositories: ["docker.io/library/alpine"], hasTag: versioned(3, 24), sizeBytes: 3_867_034, command: ["/bin/sh"], distribution: () => alpine }),
  image({ repositories: ["docker.io/devopscube/kubernetes-job-demo"], sizeBytes: 5_242_880, entrypoint: ["/script.sh"], command: [], programs: { "script.sh": jobDemo } }),
  image({ repositories: ["registry.k8s.io/pause", "k8s.gcr.io/pause"], sizeBytes: 320_448, entrypoint: ["/pause"], command: [], userland: false, programs: { pause: stayUp({ lines: () => [], onTerm: { line: "Shutting down, got signal: Terminated", code: 0 } }) } }),
  image({ repositories: ["docker.io/curlimages/curl", "quay.io/curl/curl"], sizeBytes: 9_961_472, entrypoint: ["/entrypoint.sh"], command: ["curl"], distribution: () => alpineWithCurl, programs: { "entrypoint.sh": curlEntrypoint } }),
  image({ repositories: ["docker.io/nicolaka/netshoot", "ghcr.io/nicolaka/netshoot"], sizeBytes: 206_569_472, command: ["zsh"], distribution: () => alpineWithAll, commands: { ...bindCommands, ...muslPing, nc: openNetcat } }),
  image({ repositories: ["registry.k8s.io/e2e-test-images/jessie-dnsutils", "gcr.io/kubernetes-e2e-test-images/dnsutils"], sizeBytes: 112_000_000, command: ["/bin/sh"], commands: bindCommands }),
  image({ repositories: ["docker.io/library/hello-world"], sizeBytes: 5_836, command: ["/hello"], userland: false, programs: { hello } }),
  image({ repositories: ["docker.io/library/httpd"], sizeBytes: 44_761_088, command: ["httpd-foreground"], distribution: (tag) => (isAlpineTag(tag) ? alpine : debian), programs: { "httpd-foreground": httpd } }),
  image({ repositories: ["docker.io/library/redis"], sizeBytes: 46_137_344, entrypoint: ["docker-entrypoint.sh"], command: ["redis-server"], distribution: (tag) => (isAlpineTag(tag) ? alpine : debian), programs: { "docker-entrypoint.sh": (process) => process.world.execute(process, process.argv.slice(1)), "redis-server": stayUp({ lines: () => ["1:M 01 Jan 2026 00:00:00.000 * Ready to accept connections tcp"], ports: [6379], onTerm: { code: 0 } }) } }),
  image({ repositories: ["registry.k8s.io/coracle-net"], sizeBytes: 12_582_912, entrypoint: ["/coracle-net"], command: [], programs: { "coracle-net": stayUp({ lines: () => ["writing CNI configuration /etc/cni/net.d/10-coracle.conflist", "routes to all nodes are in place"], onTerm: { code: 0 } }) } }),
];
