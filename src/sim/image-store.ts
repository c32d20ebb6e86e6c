import type { Environment } from "../base/environment.ts";
import type { ImageInfo } from "../kubelet/runtime.ts";
import { digestOf, imageIdOf, parseReference, printReference, repositoryOf } from "./images/reference.ts";
import type { FoundImage, Registry } from "./images/registry.ts";
import type { ImageState } from "./node-shell/machine-state.ts";
import type { Uptime } from "./uptime.ts";

/** How long a pull takes, in cluster time: a resolve of a tag against a registry takes 100 to 250 ms and a layer comes at 100 MB/s. */
const resolveMsMin = 100;
const resolveMsSpread = 150;
const pullBytesPerMs = 100_000;

/** The images that a simulated machine has. They outlive a loss of power. */
export class ImageStore {
  private readonly environment: Environment;
  private readonly registry: Registry;
  private readonly uptime: Uptime;
  private readonly pulled = new Map<string, FoundImage>();
  /** What has been told of, by the reference under which it was. */
  private readonly described = new Map<string, FoundImage>();
  private listener: (() => void) | undefined;

  constructor({ environment, registry, uptime }: { environment: Environment; registry: Registry; uptime: Uptime }) {
    this.environment = environment;
    this.registry = registry;
    this.uptime = uptime;
    for (const found of registry.preloaded()) this.pulled.set(printReference(found.reference), found);
  }

  /** Called after an image has come or gone. */
  onChange(listener: () => void): void {
    this.listener = listener;
  }

  /** Brings an image unless it is there; rejects with ImageError. */
  async pull(image: string): Promise<ImageInfo> {
    const begun = this.environment.clock.now();
    const parsed = parseReference(image);
    if (typeof parsed !== "string") await this.uptime.takes(resolveMsMin, resolveMsSpread);
    const found = this.registry.find(image);
    const reference = printReference(found.reference);
    if (!this.pulled.has(reference)) {
      await this.uptime.wait(Math.round(found.image.sizeBytes / pullBytesPerMs));
      this.pulled.set(reference, found);
      this.listener?.();
    }
    return this.describe(found, this.environment.clock.now() - begun);
  }

  /** An image that is there. */
  info(image: string): ImageInfo | undefined {
    let found;
    try {
      found = this.registry.find(image);
    } catch {
      return undefined;
    }
    return this.pulled.has(printReference(found.reference)) ? this.describe(found, 0) : undefined;
  }

  /** What was told of under this reference. */
  told(reference: string): FoundImage | undefined {
    return this.described.get(reference);
  }

  list(): readonly { readonly names: readonly string[]; readonly sizeBytes: number }[] {
    return [...this.pulled].map(([reference, found]) => ({ names: [this.describe(found, 0).id, reference], sizeBytes: found.image.sizeBytes }));
  }

  states(): readonly ImageState[] {
    return [...this.pulled.values()].map(({ reference, image }) => ({ repository: repositoryOf(reference), tag: reference.tag, id: imageIdOf(reference), sizeBytes: image.sizeBytes, digest: reference.digest ?? digestOf(printReference(reference)) }));
  }

  /** Takes an image away, whatever it is called; false when there is none of this id. */
  remove(id: string): boolean {
    const before = this.pulled.size;
    for (const [name, { reference }] of this.pulled) if (imageIdOf(reference) === id) this.pulled.delete(name);
    if (this.pulled.size === before) return false;
    this.listener?.();
    return true;
  }

  private describe(found: FoundImage, pullMs: number): ImageInfo {
    const reference = printReference(found.reference);
    const { image } = found;
    const digest = found.reference.digest ?? digestOf(reference);
    const told = found.reference.digest === undefined ? reference : digestOf(`config/${reference}`);
    this.described.set(told, found);
    return {
      id: `${repositoryOf(found.reference)}@${digest}`,
      reference: told,
      sizeBytes: image.sizeBytes,
      entrypoint: image.entrypoint,
      command: image.command,
      env: image.env,
      workingDir: image.workingDir,
      pullMs,
    };
  }
}
