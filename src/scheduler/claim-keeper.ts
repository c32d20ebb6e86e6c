import { persistentVolumeClaims, persistentVolumes, storageClasses } from "../api/kinds.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../api/types/core-v1.ts";
import type { StorageClass } from "../api/types/storage-v1.ts";
import type { Environment } from "../base/environment.ts";
import type { Client } from "../client/client.ts";
import type { ControllerContext } from "../client/controller-context.ts";
import type { Informer } from "../client/informer.ts";
import { keyOf } from "../client/informer.ts";
import { isFullyBound, namesClaim, selectedNode, withClaim } from "../placement/volume-match.ts";
import type { ClaimBindings, ClaimView } from "./claims.ts";

export interface ClaimKeeperOptions {
  readonly context: ControllerContext;
  readonly client: Client;
  readonly claimChanged: (claim: PersistentVolumeClaim) => void;
  readonly volumesChanged: () => void;
}

/** Upstream's BindTimeoutSeconds. */
const bindMsMax = 600_000;

/**
 * Volumes and claims as the scheduler sees them, and its part in binding them: it gives a volume to a claim, or names the node to a
 * provisioner, and waits for the binder of volumes to finish. A volume that was given away counts as taken before the view shows it.
 */
export class ClaimKeeper implements ClaimView {
  readonly classes: Informer<StorageClass>;
  private readonly environment: Environment;
  private readonly client: Client;
  private readonly claimView: Informer<PersistentVolumeClaim>;
  private readonly volumeView: Informer<PersistentVolume>;
  /** The claims, by key, to which volumes were given, by name. */
  private readonly given = new Map<string, string>();
  private readonly awaited = new Set<() => void>();
  private readonly stops: readonly (() => void)[];
  hasSynced = false;

  constructor({ context, client, claimChanged, volumesChanged }: ClaimKeeperOptions) {
    this.environment = context.environment;
    this.client = client;
    this.claimView = context.informers.of(persistentVolumeClaims);
    this.volumeView = context.informers.of(persistentVolumes);
    this.classes = context.informers.of(storageClasses);
    void context.informers.synced().then(() => {
      this.hasSynced = true;
      volumesChanged();
    });
    this.stops = [
      this.claimView.onChange((current) => {
        for (const look of [...this.awaited]) look();
        if (current) claimChanged(current);
      }),
      this.volumeView.onChange((current, previous) => {
        const { name } = ((current ?? previous) as PersistentVolume).metadata;
        if (current?.spec.claimRef !== undefined || current === undefined) this.given.delete(name);
        if (current) volumesChanged();
      }),
      this.classes.onChange((current) => {
        if (current) volumesChanged();
      }),
    ];
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.awaited.clear();
  }

  claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    return this.claimView.get(`${namespace}/${name}`);
  }

  volume(name: string): PersistentVolume | undefined {
    return this.volumeView.get(name);
  }

  volumes(): readonly PersistentVolume[] {
    return this.volumeView.list();
  }

  taken(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
    const owner = this.given.get(volume.metadata.name);
    return owner !== undefined && owner !== keyOf(claim) && !namesClaim(volume, claim);
  }

  /** Resolves with true once every claim is bound, with false when that takes too long. Rejects when a volume could not be given. */
  async bring({ bind, provision }: ClaimBindings, nodeName: string): Promise<boolean> {
    for (const { claim, volume } of bind) this.given.set(volume.metadata.name, keyOf(claim));
    try {
      for (const { claim, volume } of bind) {
        const named = withClaim(volume, claim);
        if (named !== volume) await this.client.update(persistentVolumes, named);
      }
    } catch (error) {
      for (const { volume } of bind) this.given.delete(volume.metadata.name);
      throw error;
    }
    for (const claim of provision) {
      const annotations = { ...claim.metadata.annotations, [selectedNode]: nodeName };
      if (claim.metadata.annotations?.[selectedNode] === undefined) await this.client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } });
    }
    return await this.bound([...bind.map(({ claim }) => claim), ...provision].map(keyOf));
  }

  private bound(keys: readonly string[]): Promise<boolean> {
    const isDone = (): boolean => keys.every((key) => {
      const claim = this.claimView.get(key);
      return claim !== undefined && isFullyBound(claim);
    });
    if (isDone()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (isBound: boolean): void => {
        timer.cancel();
        this.awaited.delete(look);
        resolve(isBound);
      };
      const look = (): void => {
        if (isDone()) end(true);
      };
      const timer = this.environment.clock.after(bindMsMax, () => end(false));
      this.awaited.add(look);
    });
  }
}
