import { ImageError } from "../../kubelet/runtime.ts";
import type { CommandCall } from "../command.ts";
import { parseReference, printReference } from "../images/reference.ts";
import { humanSize, short, table } from "./crictl-text.ts";
import type { Words } from "./crictl-text.ts";
import type { ImageState, MachineState } from "./machine-state.ts";

/** crictl's commands about images. */
const pause: ImageState = { repository: "registry.k8s.io/pause", tag: "3.10.1", id: "cd073f4c5f6a8e9dc6f3125ba00cf60819cae95c1ec84a1f146ee4a9cf9e803f", sizeBytes: 319_950, digest: "sha256:278fb9dbcca9518083ad1e11276933a2e96f23de604a3a08cc3c80002767d24c" };

const fullName = (text: string): string => {
  const parsed = parseReference(text);
  return typeof parsed === "string" ? text : printReference(parsed);
};

const imagesOf = (machine: MachineState): ImageState[] => [...machine.runtime.imageStates(), pause].sort((a, b) => (a.repository + a.tag < b.repository + b.tag ? -1 : 1));

/** By name, or by the beginning of its id. */
function findImage(machine: MachineState, asked: string): ImageState | undefined {
  const name = fullName(asked);
  return imagesOf(machine).find(({ repository, tag, id, digest }) => `${repository}:${tag}` === name || `${repository}@${digest}` === asked || id.startsWith(asked.replace(/^sha256:/, "")));
}

const jsonOf = ({ repository, tag, id, sizeBytes, digest }: ImageState) => ({ id: `sha256:${id}`, pinned: repository === pause.repository, repoDigests: [`${repository}@${digest}`], repoTags: tag === "" ? [] : [`${repository}:${tag}`], size: String(sizeBytes), spec: null, uid: null, username: "" });

export function listImages(machine: MachineState, { out }: CommandCall, { flags, values, rest }: Words): number {
  const wanted = rest[0] === undefined ? undefined : fullName(rest[0]).replace(rest[0].includes(":") ? /$^/ : /:latest$/, "");
  const images = imagesOf(machine).filter(({ repository, tag }) => wanted === undefined || repository === wanted || `${repository}:${tag}` === wanted);
  if (values.get("--output") === "json") out(`${JSON.stringify({ images: images.map(jsonOf) }, undefined, 2)}\n`);
  else if (flags.has("--quiet")) out(images.map(({ id }) => `sha256:${id}\n`).join(""));
  else if (flags.has("--verbose")) out(images.map(({ id, repository, tag, digest, sizeBytes }) => `ID: sha256:${id}\nRepoTags: ${repository}:${tag}\nRepoDigests: ${repository}@${digest}\nSize: ${humanSize(sizeBytes)}\n\n`).join(""));
  else {
    const withDigests = flags.has("--digests");
    const head = ["IMAGE", "TAG", ...(withDigests ? ["DIGEST"] : []), "IMAGE ID", "SIZE"];
    out(table([head, ...images.map(({ repository, tag, id, sizeBytes, digest }) => [repository, tag === "" ? "<none>" : tag, ...(withDigests ? [short(digest.slice("sha256:".length))] : []), short(id), humanSize(sizeBytes)])]));
  }
  return 0;
}

export async function pullImage(machine: MachineState, { out, process }: CommandCall, { rest: [name] }: Words, fatal: (what: string, call: string, why: string) => number): Promise<number> {
  if (name === undefined) return fatal("", "", "image name cannot be empty");
  try {
    await process.wait(machine.runtime.pullImage(name));
    out(`Image is up to date for sha256:${findImage(machine, name)?.id ?? ""}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return fatal(`pulling image`, `"PullImage from image service failed" image=${JSON.stringify(name)}`, error.message);
  }
}

export function removeImages(machine: MachineState, { out }: CommandCall, { rest, flags }: Words, fatal: (what: string, call: string, why: string) => number): number {
  const used = new Set(machine.runtime.listContainers().map(({ imageId }) => imageId));
  const wanted = flags.has("--prune") || flags.has("--all") ? machine.runtime.imageStates().filter(({ id }) => flags.has("--all") || !used.has(id)).map(({ id }) => id) : rest;
  let code = 0;
  for (const each of wanted) {
    const found = findImage(machine, each);
    if (found && machine.runtime.removeImage(found.id)) out(`Deleted: ${found.repository}:${found.tag}\n`);
    else code = fatal("unable to remove the image(s)", "", `no such image ${each}`);
  }
  return code;
}

export function inspectImage(machine: MachineState, { out }: CommandCall, { rest: [name = ""] }: Words, fatal: (what: string, call: string, why: string) => number): number {
  const found = findImage(machine, name);
  if (!found) return fatal("", "", `no such image ${JSON.stringify(name)} present`);
  out(`${JSON.stringify({ status: jsonOf(found), info: {} }, undefined, 2)}\n`);
  return 0;
}

export function imageFileSystem(machine: MachineState, { out, process }: CommandCall): number {
  const used = imagesOf(machine).reduce((sum, { sizeBytes }) => sum + sizeBytes * 2, 0);
  const one = { fsId: { mountpoint: "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs" }, inodesUsed: { value: String(Math.round(used / 20_000)) }, timestamp: String(process.clock.now() * 1_000_000), usedBytes: { value: String(used) } };
  out(`${JSON.stringify({ status: { containerFilesystems: [one], imageFilesystems: [one] } }, undefined, 2)}\n`);
  return 0;
}
