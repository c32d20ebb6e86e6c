import type { Environment } from "../base/environment.ts";
import { configMaps, secrets } from "../api/kinds.ts";
import type { KindRef } from "../api/kind-ref.ts";
import type { Pod } from "../api/types/core-v1.ts";
import type { Client, Watch } from "../client/client.ts";

/**
 * Watches the ConfigMaps and Secrets that the Pods of a node mount, each as long as there is a Pod that does. The CA that every Pod gets
 * does not change and is not watched. What could not be listed is tried again after 0.8 s, doubling to half a minute, as client-go does.
 */
const [relistMsMin, relistMsMax] = [800, 30_000];

export interface ContentWatchesOptions {
  readonly client: Client;
  readonly environment: Environment;
  /** One that this Pod mounts has changed, come or gone. Told for each Pod. */
  readonly changed: (podUid: string) => void;
}

interface Watched {
  readonly watch: Watch;
  readonly users: Set<string>;
}

export class ContentWatches {
  private readonly options: ContentWatchesOptions;
  private watched: Map<string, Watched> | undefined;
  private stopped = false;

  constructor(options: ContentWatchesOptions) {
    this.options = options;
  }

  add(pod: Pod): void {
    const namespace = pod.metadata.namespace ?? "";
    for (const { kind, name } of mountedObjects(pod)) {
      const key = `${kind.plural}/${namespace}/${name}`;
      const watched = (this.watched ??= new Map());
      const known = watched.get(key);
      if (known) known.users.add(pod.metadata.uid);
      else {
        const users = new Set([pod.metadata.uid]);
        watched.set(key, { users, watch: this.watch(kind, { namespace, name }, users) });
      }
    }
  }

  remove(podUid: string): void {
    for (const [key, { users, watch }] of this.watched ?? []) {
      if (!users.delete(podUid) || users.size > 0) continue;
      watch.stop();
      this.watched?.delete(key);
    }
  }

  stop(): void {
    this.stopped = true;
    for (const { watch } of this.watched?.values() ?? []) watch.stop();
  }

  private watch(kind: KindRef, { namespace, name }: { namespace: string; name: string }, users: ReadonlySet<string>): Watch {
    const { client, environment, changed } = this.options;
    let current: Watch | undefined;
    let over = false;
    let known: string | undefined;
    let relistMs = relistMsMin;
    const again = (): void => {
      if (!over && !this.stopped) environment.clock.after(relistMs, () => void start());
    };
    const start = async (): Promise<void> => {
      if (over || this.stopped) return;
      try {
        const page = await client.list(kind, { namespace, fieldSelector: `metadata.name=${name}` });
        if (over || this.stopped) return;
        const found = page.items[0]?.metadata.resourceVersion ?? "";
        // What it became while nobody watched is news.
        if (known !== undefined && found !== known) for (const uid of users) changed(uid);
        known = found;
        relistMs = relistMsMin;
        current = client.watch(kind, { namespace, fieldSelector: `metadata.name=${name}`, resourceVersion: page.resourceVersion }, {
          event: ({ type, object }) => {
            if (type === "BOOKMARK") return;
            known = type === "DELETED" ? "" : object.metadata.resourceVersion;
            for (const uid of users) changed(uid);
          },
          ended: again,
        });
      } catch (error) {
        environment.log.debug(`${kind.plural} ${namespace}/${name} not watched, again in ${relistMs} ms`, { error: String(error) });
        again();
        relistMs = Math.min(relistMs * 2, relistMsMax);
      }
    };
    void start();
    return {
      stop: () => {
        over = true;
        current?.stop();
      },
    };
  }
}

function mountedObjects(pod: Pod): { kind: KindRef; name: string }[] {
  const found: { kind: KindRef; name: string }[] = [];
  for (const { configMap, secret, projected } of pod.spec.volumes ?? []) {
    if (configMap?.name) found.push({ kind: configMaps, name: configMap.name });
    if (secret?.secretName) found.push({ kind: secrets, name: secret.secretName });
    for (const source of projected?.sources ?? []) {
      if (source.configMap?.name && source.configMap.name !== "kube-root-ca.crt") found.push({ kind: configMaps, name: source.configMap.name });
      if (source.secret?.name) found.push({ kind: secrets, name: source.secret.name });
    }
  }
  return found;
}
