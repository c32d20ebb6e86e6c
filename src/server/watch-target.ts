import type { KubeObject } from "../api/kind-ref.ts";
import type { ResourceCall } from "./context.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { servedForm } from "./represent.ts";
import type { ByteSink, WatchSink } from "./request.ts";
import { encodeText } from "./respond.ts";
import { tableOf } from "./table.ts";
import type { PendingEvent, WatchTarget } from "./watch-session.ts";

/** For in-process callers: the committed objects themselves. */
export function eventTarget(call: ResourceCall, sink: WatchSink): WatchTarget {
  return {
    take(events) {
      for (const event of events) {
        if (event.type === "BOOKMARK") sink.event({ type: "BOOKMARK", object: bookmark(call, event) });
        else if (event.type === "ERROR") sink.event({ type: "ERROR", object: event.error.status as unknown as KubeObject });
        else sink.event({ type: event.type, object: servedForm(call.kind, event.stored.object) });
      }
      return { count: events.length, lagging: false };
    },
    end: () => sink.end(),
    closed: (then) => sink.closed(then),
  };
}

/** Bytes of frames gathered into one write. */
const bytesPerWriteMax = 64 * 1024;

/** For readers of bytes: one line of JSON, or a frame of protobuf, per event; events that wait together go out together. */
export function byteTarget(call: ResourceCall, sink: ByteSink): WatchTarget {
  const frames = frameMaker(call);
  return {
    take(events, again) {
      let taken = 0;
      while (taken < events.length) {
        const parts: Uint8Array[] = [];
        let size = 0;
        for (; taken < events.length && size < bytesPerWriteMax; taken++) {
          for (const part of frames(events[taken] as PendingEvent)) {
            parts.push(part);
            size += part.length;
          }
        }
        if (!sink.write(joined(parts, size))) {
          sink.drained(again);
          return { count: taken, lagging: true };
        }
      }
      return { count: taken, lagging: false };
    },
    end: () => sink.end(),
    closed: (then) => sink.closed(then),
  };
}

const prefixes = {
  ADDED: encodeText('{"type":"ADDED","object":'),
  MODIFIED: encodeText('{"type":"MODIFIED","object":'),
  DELETED: encodeText('{"type":"DELETED","object":'),
};
const suffix = encodeText("}\n");

function frameMaker(call: ResourceCall): (event: PendingEvent) => readonly Uint8Array[] {
  const { kind, representation } = call;
  const plain = representation.as === "object" && representation.encoding !== "protobuf" && (kind.conversion === undefined || kind.storage === kind);
  let columns = true;
  const line = (type: string, object: object): readonly Uint8Array[] =>
    representation.encoding === "protobuf" ? [call.server.protobuf.frame(type, object)] : [encodeText(`${JSON.stringify({ type, object })}\n`)];
  const represented = (object: KubeObject): object => {
    if (representation.as === "partial") return partialMetadata(object);
    if (representation.as === "object") return object;
    const table = tableOf(call, [object], { resourceVersion: object.metadata.resourceVersion ?? "" }, { columns });
    columns = false;
    return table;
  };
  return (event) => {
    if (event.type === "ERROR") return line("ERROR", event.error.status);
    if (event.type === "BOOKMARK") return line("BOOKMARK", represented(bookmark(call, event)));
    if (plain) return [prefixes[event.type], event.stored.bytes(), suffix];
    return line(event.type, represented(servedForm(kind, event.stored.object)));
  };
}

/** An object of the watched kind with nothing but a revision. */
function bookmark(call: ResourceCall, event: { readonly revision: number; readonly initialEnd: boolean }): KubeObject {
  const { kind, apiVersion } = call.kind.ref;
  const annotations = event.initialEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  return { kind, apiVersion, metadata: { resourceVersion: String(event.revision), ...annotations } } as unknown as KubeObject;
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
