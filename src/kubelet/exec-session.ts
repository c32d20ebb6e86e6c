import { limits } from "../base/limits.ts";
import type { ExecOptions } from "../server/node-agent.ts";
import type { Channels } from "../server/request.ts";
import type { RuntimeAttach, RuntimeExec } from "./runtime.ts";

/** Channels of the protocol. */
const stdinChannel = 0;
const stdoutChannel = 1;
const stderrChannel = 2;
const statusChannel = 3;

const encoder = new TextEncoder();

function sendStatus(channels: Channels, status: object): void {
  channels.send(statusChannel, encoder.encode(JSON.stringify(status)));
  channels.close();
}

/** What the client sends, as chunks; ends when its side of the channel ends or the client goes. A client far ahead of the reader is made to wait. */
class InputQueue implements AsyncIterable<Uint8Array> {
  private readonly chunks: Uint8Array[] = [];
  private readonly channels: Channels;
  private bytes = 0;
  private paused = false;
  private ended = false;
  private dropped = false;
  private wake: (() => void) | undefined;

  constructor(channels: Channels) {
    this.channels = channels;
  }

  push(bytes: Uint8Array): void {
    if (this.dropped) return;
    if (bytes.length > 0) this.chunks.push(bytes);
    this.bytes += bytes.length;
    if (!this.paused && this.bytes > limits.inputAheadBytesMax) {
      this.paused = true;
      this.channels.pause?.();
    }
    this.wake?.();
  }

  private shift(): Uint8Array | undefined {
    const chunk = this.chunks.shift();
    this.bytes -= chunk?.length ?? 0;
    if (this.paused && this.bytes <= limits.inputAheadBytesMax / 2) {
      this.paused = false;
      this.channels.resume?.();
    }
    return chunk;
  }

  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** Nobody reads any more: what the client still sends is read, so that it hears the end, and dropped. */
  drop(): void {
    this.dropped = true;
    this.chunks.length = 0;
    if (this.paused) this.channels.resume?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.shift();
      if (chunk) yield chunk;
      else if (this.ended) return;
      else await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

/** Without standard input, what comes for it is dropped. */
function inputFrom(channels: Channels, { stdin }: ExecOptions): InputQueue {
  const input = new InputQueue(channels);
  channels.onData((channel, bytes) => {
    if (channel === stdinChannel && stdin) input.push(bytes);
  });
  channels.onEnd((channel) => {
    if (channel === stdinChannel) input.end();
  });
  channels.closed(() => input.end());
  return input;
}

/**
 * Runs a command and tells its end as client-go expects it: the exit code as a cause of a Status. `isRelayed`: an API server
 * stands between, which calls what the node tells it an internal error once more, as upstream's does for WebSockets.
 */
export async function execSession(run: (options: RuntimeExec) => Promise<number>, options: ExecOptions, { channels, isRelayed }: { channels: Channels; isRelayed: boolean }): Promise<void> {
  const input = inputFrom(channels, options);
  const abort = new AbortController();
  channels.closed(() => abort.abort());
  try {
    const code = await run({
      argv: options.command,
      tty: options.tty,
      ...(options.stdin ? { stdin: input } : {}),
      signal: abort.signal,
      onOutput: (stream, bytes) => {
        if (stream === "stdout" ? options.stdout : options.stderr) channels.send(stream === "stdout" ? stdoutChannel : stderrChannel, bytes);
      },
    });
    input.drop();
    if (code === 0) sendStatus(channels, { metadata: {}, status: "Success" });
    else {
      sendStatus(channels, {
        metadata: {}, status: "Failure", message: `command terminated with non-zero exit code: command terminated with exit code ${code}`, reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: String(code) }] },
      });
    }
  } catch (error) {
    input.drop();
    const message = `error executing command in container: ${error instanceof Error ? error.message : String(error)}`;
    sendStatus(channels, { metadata: {}, status: "Failure", message: `${isRelayed ? "Internal error occurred: " : ""}Internal error occurred: ${message}`, reason: "InternalError", details: { causes: [{ message }] }, code: 500 });
  }
}

/** Joins the main process until it ends or the client goes. */
export async function attachSession(attach: (options: RuntimeAttach) => Promise<void>, options: ExecOptions, channels: Channels): Promise<void> {
  const input = inputFrom(channels, options);
  const abort = new AbortController();
  channels.closed(() => abort.abort());
  await attach({
    ...(options.stdin ? { stdin: input } : {}),
    signal: abort.signal,
    onOutput: (stream, bytes) => {
      if (stream === "stdout" ? options.stdout : options.stderr) channels.send(stream === "stdout" ? stdoutChannel : stderrChannel, bytes);
    },
  });
  input.drop();
  sendStatus(channels, { metadata: {}, status: "Success" });
}
