import type { KubeObject } from "../../api/kind-ref.ts";
import type { ChangeListener, Informer } from "../../client/informer.ts";
import { keyOf } from "../../client/informer.ts";

/**
 * A view that shows what was written through it at once, before the informer does: so that a volume that was just given to one claim is
 * not offered to the next. What the informer shows later and newer counts again.
 */
export class NewestWrites<T extends KubeObject> {
  readonly informer: Informer<T>;
  private readonly written = new Map<string, T>();
  /** The revisions that were written here and not yet shown. */
  private readonly own = new Set<string>();

  constructor(informer: Informer<T>) {
    this.informer = informer;
  }

  get(key: string): T | undefined {
    return this.newest(this.informer.get(key));
  }

  list(): readonly T[] {
    return this.informer.list().map((object) => this.newest(object) as T);
  }

  wrote(object: T): void {
    this.written.set(object.metadata.uid, object);
    this.own.add(object.metadata.resourceVersion ?? "");
  }

  /** Whether this state came from here; asked once, when it is shown. */
  isOwn(object: T): boolean {
    return this.own.delete(object.metadata.resourceVersion ?? "");
  }

  onChange(listener: ChangeListener<T>): () => void {
    return this.informer.onChange((current, previous) => {
      const { uid } = ((current ?? previous) as T).metadata;
      const written = this.written.get(uid);
      if (written && (current === undefined || revision(current) >= revision(written))) this.written.delete(uid);
      listener(current, previous);
    });
  }

  private newest(shown: T | undefined): T | undefined {
    const written = shown && this.written.get(shown.metadata.uid);
    return written && keyOf(written) === keyOf(shown) && revision(written) > revision(shown) ? written : shown;
  }
}

function revision({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion);
}
