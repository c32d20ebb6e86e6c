import type { Program } from "../process.ts";
import { image } from "./image.ts";
import type { SimulatedImage } from "./image.ts";

/** The programs that documents use to show what limits do: they take memory and processors as they are told. */
const units: { readonly [unit: string]: number } = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `150M`, `150Mi`, `1G`: bytes. */
function bytesOf(text: string | undefined): number {
  const match = /^(\d+)([bkmg]?)i?b?$/i.exec(text ?? "");
  return match ? Number(match[1]) * (units[(match[2] as string).toLowerCase()] as number) : 0;
}

const valueOf = (argv: readonly string[], ...names: readonly string[]): string | undefined => {
  const at = argv.findIndex((arg) => names.includes(arg));
  return at < 0 ? argv.map((arg) => names.map((name) => (arg.startsWith(`${name}=`) ? arg.slice(name.length + 1) : undefined)).find((value) => value !== undefined)).find((value) => value !== undefined) : argv[at + 1];
};

/** How long a worker without a pause is asked about at a time. */
const spanMs = 1000;

/** stress 1.0: `--vm N --vm-bytes B --cpu N --timeout S`. */
const stress: Program = async (process) => {
  const { argv } = process;
  const [cpus, workers] = [Number(valueOf(argv, "--cpu", "-c") ?? 0), Number(valueOf(argv, "--vm", "-m") ?? 0)];
  const until = process.clock.now() + Number.parseFloat(valueOf(argv, "--timeout", "-t") ?? "Infinity") * 1000;
  process.write("stdout", `stress: info: [${process.pid}] dispatching hogs: ${cpus} cpu, 0 io, ${workers} vm, 0 hdd\n`);
  process.onSignal(() => process.exit(1));
  // A moment to touch all of it.
  await process.sleep(200);
  await process.holdMemory(workers * (bytesOf(valueOf(argv, "--vm-bytes")) || 256 * 1024 * 1024));
  return busyUntil(process, { until, cores: cpus });
};

/** vish/stress: `-cpus 2 -mem-total 150Mi -mem-alloc-size 10Mi -mem-alloc-sleep 1s`. */
const vish: Program = async (process) => {
  const { argv } = process;
  const total = bytesOf(valueOf(argv, "-mem-total", "--mem-total"));
  const step = bytesOf(valueOf(argv, "-mem-alloc-size", "--mem-alloc-size")) || 4096 * 1024;
  const cores = Number(valueOf(argv, "-cpus", "--cpus") ?? 0);
  process.write("stderr", `I0101 00:00:00.000000       1 main.go:26] Allocating "${total}" memory, in "${step}" chunks, with a 1ms sleep between allocations\n`);
  for (let held = 0; held < total; held += step) await process.holdMemory(Math.min(total, held + step));
  if (cores > 0) process.write("stderr", `I0101 00:00:00.000000       1 main.go:39] Spawning a thread to consume CPU\n`);
  process.write("stderr", "I0101 00:00:00.000000       1 main.go:29] Allocated memory\n");
  return busyUntil(process, { until: Infinity, cores });
};

async function busyUntil(process: Parameters<Program>[0], { until, cores }: { until: number; cores: number }): Promise<number> {
  if (cores === 0) {
    await process.sleep(Number.isFinite(until) ? until - process.clock.now() : Infinity);
    return 0;
  }
  while (process.clock.now() < until) {
    for (let core = 1; core < cores; core++) process.world.work.busy(process.clock.now(), spanMs);
    await process.compute(spanMs);
  }
  return 0;
}

export const stressImages: readonly SimulatedImage[] = [
  image({ repositories: ["docker.io/polinux/stress", "docker.io/progrium/stress"], sizeBytes: 4_041_495, command: ["stress", "--verbose"], programs: { stress } }),
  image({ repositories: ["docker.io/vish/stress"], sizeBytes: 1_558_791, userland: false, entrypoint: ["/stress"], command: ["-logtostderr"], programs: { stress: vish } }),
];
