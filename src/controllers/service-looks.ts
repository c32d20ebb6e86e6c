import { pods, services } from "../api/kinds.ts";
import type { Pod, Service } from "../api/types/core-v1.ts";
import type { ControllerContext } from "../client/controller-context.ts";
import type { Informer } from "../client/informer.ts";
import { keyOf } from "../client/informer.ts";
import type { Reconciler } from "../client/reconciler.ts";
import { GatheredLooks } from "./gathered-looks.ts";
import { TriggerTimes, matters, selects } from "./service-pods.ts";

/**
 * Services and the Pods behind them, as the controllers of Endpoints and of EndpointSlices watch them: a change of a Pod asks for a look
 * at every Service that selects it or did, looks at large Services are gathered, and each look knows when what it sees came to be.
 */
export class ServiceLooks {
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  private readonly queue: Reconciler;
  private readonly looks: GatheredLooks;
  /** How many Pods a Service had at the last look. */
  private readonly sizes = new Map<string, number>();
  private readonly times = new TriggerTimes();

  constructor({ environment, informers }: ControllerContext, queue: Reconciler) {
    this.services = informers.of(services);
    this.pods = informers.of(pods);
    this.queue = queue;
    this.looks = new GatheredLooks({ queue, environment });
  }

  /** Begins to watch. `concerns`: whether a Service that is there now is to be looked at; one that has gone is looked at where `gone` says so. */
  watch({ concerns, gone }: { readonly concerns: (service: Service) => boolean; readonly gone: boolean }): readonly (() => void)[] {
    return [
      this.services.onChange((current, previous) => {
        if (previous && current?.metadata.uid !== previous.metadata.uid) this.forget(keyOf(previous));
        if (current ? concerns(current) : gone) this.queue.add(keyOf((current ?? previous) as Service));
      }),
      this.pods.onChange((current, previous) => {
        if (!current || !previous || matters(current, previous)) this.podChanged(current, previous);
      }),
    ];
  }

  /** Asks for a look because something around the Service changed. */
  wake(key: string): void {
    this.looks.wake(key, this.sizes.get(key) ?? 0);
  }

  /** Asks for a look at the Services that select the Pod, before or after the change. */
  podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    for (const service of this.services.list((current ?? previous)?.metadata.namespace)) {
      if ((current && selects(service, current)) || (previous && selects(service, previous))) this.wake(keyOf(service));
    }
  }

  /** A look begins: the Pods that the Service selects, and since when that is so, where it changed. */
  look(service: Service): { readonly pods: readonly Pod[]; readonly time: string | undefined } {
    const key = keyOf(service);
    const selected = this.pods.list(service.metadata.namespace).filter((pod) => selects(service, pod));
    this.sizes.set(key, selected.length);
    this.looks.looked(key);
    return { pods: selected, time: this.times.look(service, selected) };
  }

  private forget(key: string): void {
    this.times.forget(key);
    this.looks.forget(key);
    this.sizes.delete(key);
  }
}
