import { ImageError } from "../../kubelet/runtime.ts";
import type { CommandTable, SimulatedCommand } from "../command.ts";
import { ImageUsers } from "../files/accounts.ts";
import type { FolderInode } from "../files/inode.ts";
import type { Environment } from "../../base/environment.ts";
import { commonBase, imageRoot, machineBase } from "../files/userland.ts";
import { Shells } from "../shell/shells.ts";
import { userlandNames } from "../userland.ts";
import { bindCommands } from "../commands/bind.ts";
import { containerProcps } from "../commands/procps.ts";
import { gnuCommands } from "../commands/gnu.ts";
import { openNetcat } from "../commands/nc.ts";
import { glibcPing } from "../commands/ping.ts";
import { apkCommands, aptCommands } from "../commands/packages.ts";
import { agnhostImage } from "./agnhost.ts";
import { corednsImage } from "./coredns.ts";
import { debian, ubuntu } from "./distributions.ts";
import type { Distribution } from "./distributions.ts";
import { fluentdImages } from "./fluentd.ts";
import { image, isNamedTag, stayUp } from "./image.ts";
import type { SimulatedImage } from "./image.ts";
import { kubeProxyImage } from "./kube-proxy.ts";
import { nginx } from "./nginx.ts";
import { nodeExporter } from "./node-exporter.ts";
import { perlImage } from "./perl.ts";
import { serviceImages, shellImages } from "./official.ts";
import type { ImageReference } from "./reference.ts";
import { isMadeUp, parseReference, printReference, repositoryOf } from "./reference.ts";
import { smallImages } from "./small.ts";
import { stressImages } from "./stress.ts";

/**
 * The simulated registry: which references exist and what they hold. Library names exist if they are in the catalogue; names
 * with an organisation or a registry exist unless their host is under `.invalid`. Digests exist, too, but for those of a catalogued name
 * that somebody plainly made up. What has no program of its own runs shell commands or stays up.
 */
/** By reference without tag: a program, another reference, "missing" or "present". Or "any": every parsable name exists. */
export type ImageOptions = "any" | { readonly [reference: string]: SimulatedImage | string };

export interface FoundImage {
  readonly reference: ImageReference;
  readonly image: SimulatedImage;
  readonly root: FolderInode;
  readonly users: ImageUsers;
}

const builtIn: readonly SimulatedImage[] = [...smallImages, ...stressImages, nginx, nodeExporter, kubeProxyImage, corednsImage, agnhostImage, perlImage, ...fluentdImages];

/** Images that machines bring along, as the nodes of kind do: those of the system workloads. */
const machineImages: readonly string[] = ["registry.k8s.io/coracle-net:v0.1.0", "registry.k8s.io/coredns/coredns:v1.12.4", "registry.k8s.io/kube-proxy:v1.36.3"];

/** What images with a package manager have: it, tools of the distribution's own make, and those that a package brings. */
const packageCommands: { readonly [manager: string]: CommandTable } = {
  apk: { dig: bindCommands["dig"] as SimulatedCommand, host: bindCommands["host"] as SimulatedCommand, ...apkCommands },
  apt: { ...bindCommands, ...glibcPing, ...gnuCommands, ...containerProcps, nc: openNetcat, ...aptCommands },
};

function generic(repository: string): SimulatedImage {
  const name = repository.split("/").pop() as string;
  const stays = stayUp({ lines: () => [`simulated image ${repository}: no program is known for it; it stays up until it is stopped`], onTerm: { code: 0 } });
  return image({
    repositories: [repository],
    sizeBytes: 30 * 1024 * 1024,
    entrypoint: [`/${name}`],
    command: [],
    programs: {
      [name]: (process) => {
        // Many images' entrypoints run a command that they are given.
        const [word = "", ...rest] = process.argv.slice(1);
        return word !== "" && process.world.files.exists(word.startsWith("/") ? word : `/bin/${word}`) ? process.world.execute(process, [word, ...rest]) : stays(process);
      },
    },
  });
}

/** Why this is no name of an image, in the words of an event; undefined for one that is. */
export function invalidName(text: string): ImageError | undefined {
  const reference = parseReference(text);
  if (typeof reference !== "string") return undefined;
  return new ImageError("InvalidImageName", `Failed to apply default image tag ${JSON.stringify(text)}: couldn't parse image name ${JSON.stringify(text)}: ${reference}`);
}

export class Registry {
  private readonly byRepository = new Map<string, SimulatedImage>();
  /** Repositories of the catalogue. Of these a digest may be unknown; of all others nothing is known. */
  private readonly catalogue = new Set<string>();
  private readonly aliases = new Map<string, string>();
  private readonly missing = new Set<string>();
  private readonly any: boolean;
  private ofMachines: readonly FoundImage[] | undefined;
  private readonly trees = new Map<SimulatedImage, Pick<FoundImage, "root" | "users">>();
  private readonly made = new Map<SimulatedImage, Map<Distribution, SimulatedImage>>();
  private base: FolderInode | undefined;

  /** What the disks of all machines begin with. */
  readonly machineBase: FolderInode = machineBase(userlandNames);
  private shells: Shells | undefined;

  constructor(options: ImageOptions = {}) {
    for (const each of builtIn) for (const repository of each.repositories) this.byRepository.set(repository, each);
    for (const repository of this.byRepository.keys()) this.catalogue.add(repository);
    for (const name of shellImages) this.byRepository.set(`docker.io/library/${name}`, image({ repositories: [`docker.io/library/${name}`], sizeBytes: 48 * 1024 * 1024, command: ["bash"], ...(name === "ubuntu" || name === "debian" ? { distribution: () => (name === "ubuntu" ? ubuntu : debian) } : {}) }));
    this.any = options === "any";
    if (options !== "any") {
      for (const [name, value] of Object.entries(options)) {
        const parsed = parseReference(name);
        if (typeof parsed === "string") throw new Error(`images: ${name}: ${parsed}`);
        const repository = repositoryOf(parsed);
        if (value === "missing") this.missing.add(repository);
        else if (value === "present") this.byRepository.set(repository, generic(repository));
        else if (typeof value === "string") this.aliases.set(repository, value);
        else this.byRepository.set(repository, value);
      }
    }
  }

  /** The shell interpreter, loaded once for all machines of a cluster. */
  shellsOf(environment: Environment): Shells {
    return (this.shells ??= new Shells(environment));
  }

  /** What every machine has from the start. */
  preloaded(): readonly FoundImage[] {
    return (this.ofMachines ??= machineImages.filter((name) => !this.missing.has(name.slice(0, name.lastIndexOf(":")))).map((name) => this.find(name)));
  }

  /** What a reference names. Throws ImageError in containerd's words. */
  find(text: string): FoundImage {
    const reference = parseReference(text);
    if (typeof reference === "string") throw invalidName(text) as ImageError;
    const repository = repositoryOf(reference);
    const alias = this.aliases.get(repository);
    if (alias !== undefined) return { ...this.find(alias), reference };
    const full = printReference(reference);
    const refuse = (code: string, why: string): ImageError =>
      new ImageError("ErrImagePull", `rpc error: code = ${code} desc = failed to pull and unpack image "${full}": failed to resolve reference "${full}": ${why}`);
    if (/(^|\.)invalid(:\d+)?$/.test(reference.host)) {
      const [host] = reference.host.split(":") as [string];
      throw refuse("Unknown", `failed to do request: Head "https://${reference.host}/v2/${reference.path}/manifests/${reference.tag || reference.digest}": dial tcp: lookup ${host} on 172.18.0.1:53: no such host`);
    }
    let found = this.missing.has(repository) ? undefined : this.byRepository.get(repository);
    const library = repository.startsWith("docker.io/library/");
    if (!found && !this.missing.has(repository) && (!library || this.any || (serviceImages as readonly string[]).includes(reference.path.slice("library/".length)))) {
      found = generic(repository);
      this.byRepository.set(repository, found);
    }
    if (!found) throw refuse("Unknown", "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed");
    const official = library;
    const known = found.hasTag ? found.hasTag(reference.tag) : !official || /^v?\d/.test(reference.tag) || isNamedTag(reference.tag);
    if (!known && reference.digest === undefined && !this.any) throw refuse("NotFound", `${full}: not found`);
    if (reference.digest !== undefined && isMadeUp(reference.digest) && (library || this.catalogue.has(repository)) && !this.any) throw refuse("NotFound", `${full}: not found`);
    const image = this.distributed(found, reference.tag);
    return { reference, image, ...this.treeOf(image) };
  }

  /** The image with what its distribution brings, and without what that lacks. */
  private distributed(found: SimulatedImage, tag: string): SimulatedImage {
    const distribution = found.distribution?.(tag);
    if (!distribution) return found;
    const made = this.made.get(found) ?? new Map<Distribution, SimulatedImage>();
    this.made.set(found, made);
    let image = made.get(distribution);
    if (!image) made.set(distribution, (image = { ...found, lacks: new Set(distribution.lacks), files: { ...distribution.files, ...found.files }, commands: { ...packageCommands[distribution.packages ?? ""], ...found.commands } }));
    return image;
  }

  private treeOf(found: SimulatedImage): Pick<FoundImage, "root" | "users"> {
    let tree = this.trees.get(found);
    if (!tree) {
      const root = imageRoot(found, (this.base ??= commonBase(userlandNames)));
      this.trees.set(found, (tree = { root, users: new ImageUsers(root) }));
    }
    return tree;
  }
}
