import type { Process, Program } from "../process.ts";
import { cleanPath } from "../files/file-view.ts";
import { formatDate } from "../commands/clock.ts";
import { image, standardPath } from "./image.ts";

/**
 * fluentd, as far as the configuration `tail` to `stdout` goes: it follows the files of a pattern and prints their lines. With
 * another configuration it stays up and prints its start-up lines.
 */
interface TailSource {
  readonly tag: string;
  readonly paths: readonly string[];
  readonly excluded: readonly string[];
  readonly fromHead: boolean;
}

const decoder = new TextDecoder();
/** How soon after a new line fluentd has read it. */
const readMs = 1000;

function tailSources(config: string): TailSource[] {
  const sources: TailSource[] = [];
  for (const [, body] of config.matchAll(/<source>([\s\S]*?)<\/source>/g)) {
    const value = (name: string): string | undefined => new RegExp(`^\\s*${name}\\s+(.*?)\\s*$`, "m").exec(body as string)?.[1];
    if (value("@type") !== "tail") continue;
    const excluded = value("exclude_path") ?? "[]";
    sources.push({
      tag: value("tag") ?? "tail",
      paths: (value("path") ?? "").split(","),
      excluded: [...excluded.matchAll(/"([^"]*)"/g)].map((match) => match[1] as string),
      fromHead: value("read_from_head") === "true",
    });
  }
  return sources;
}

function globShape(glob: string): RegExp {
  return new RegExp(`^${glob.replace(/[.+^${}()|\\]/g, "\\$&").replace(/\*/g, "[^/]*").replace(/\?/g, "[^/]")}$`);
}

function matching(process: Process, source: TailSource): string[] {
  const { files } = process.world;
  const found: string[] = [];
  for (const glob of source.paths) {
    const folder = glob.slice(0, glob.lastIndexOf("/")) || "/";
    if (!files.exists(folder)) continue;
    const shape = globShape(glob);
    for (const name of files.list(folder)) {
      const path = cleanPath(name, folder);
      if (shape.test(path) && !source.excluded.some((each) => globShape(each).test(path))) found.push(path);
    }
  }
  return found;
}

const fluentd: Program = async (process) => {
  const { files, machine } = process.world;
  const info = (text: string): void => process.write("stdout", `${formatDate(process.clock.now(), "%Y-%m-%d %H:%M:%S +0000")} [info]: ${text}\n`);
  const path = ["/fluentd/etc/fluent.conf", "/etc/fluent/fluent.conf"].find((each) => files.exists(each));
  const config = path === undefined ? "" : decoder.decode(files.readFile(path));
  info("init supervisor logger path=nil rotate_age=nil rotate_size=nil");
  info(`parsing config file is succeeded path="${path ?? "/fluentd/etc/fluent.conf"}"`);
  info('gem \'fluentd\' version \'1.16.9\'');
  info("starting fluentd-1.16.9 pid=7 ruby=\"3.2.6\"");
  info("#0 starting fluentd worker pid=16 ppid=7 worker=0");
  const sources = tailSources(config);
  const read = new Map<string, number>();
  const readNew = (first: boolean): void => {
    for (const source of sources) {
      for (const file of matching(process, source)) {
        if (!files.exists(file)) continue;
        const text = decoder.decode(files.readFile(file));
        const known = read.get(file);
        if (known === undefined) info(`#0 following tail of ${file}`);
        const from = known ?? (first && !source.fromHead ? text.length : 0);
        const end = text.lastIndexOf("\n") + 1;
        read.set(file, end);
        for (const line of text.slice(from, end).split("\n").slice(0, -1)) {
          process.write("stdout", `${formatDate(process.clock.now(), "%Y-%m-%d %H:%M:%S.%N +0000")} ${source.tag}: ${JSON.stringify({ message: line })}\n`);
        }
      }
    }
  };
  info("#0 fluentd worker is now running worker=0");
  process.onSignal(() => {
    info("Received graceful stop");
    info("#0 shutting down fluentd worker worker=0");
    info("Worker 0 finished with status 0");
    process.exit(0);
  });
  if (sources.length === 0) await process.sleep(Infinity);
  readNew(true);
  for (;;) {
    await process.wait(machine.nextLogLine());
    await process.sleep(readMs);
    readNew(false);
  }
};

const common = { entrypoint: ["tini", "--", "/bin/entrypoint.sh"], command: ["fluentd"], env: { PATH: standardPath, LC_ALL: "C.UTF-8", FLUENTD_CONF: "fluent.conf" } } as const;

/** tini and the entrypoint script only start what follows. */
const starts: Program = (process) => {
  const rest = process.argv.slice(1);
  return process.world.execute(process, rest[0] === "--" ? rest.slice(1) : rest);
};

export const fluentdImages = [
  image({ repositories: ["docker.io/fluent/fluentd", "docker.io/fluentd/fluentd"], sizeBytes: 88_411_204, ...common, programs: { tini: starts, "entrypoint.sh": starts, fluentd },
    files: { "/fluentd/etc/fluent.conf": "<source>\n  @type  forward\n  @id    input1\n  port  24224\n</source>\n\n<match **>\n  @type file\n  path /fluentd/log/data.log\n</match>\n" } }),
  image({ repositories: ["quay.io/fluentd_elasticsearch/fluentd", "docker.io/fluent/fluentd-kubernetes-daemonset", "gcr.io/google-containers/fluentd-elasticsearch", "k8s.gcr.io/fluentd-elasticsearch"], sizeBytes: 104_857_600, ...common, programs: { tini: starts, "entrypoint.sh": starts, fluentd } }),
];
