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

/** What the client sends, as chunks; ends when its side of the channel ends or the client goes. */
class InputQueue implements AsyncIterable<Uint8Array> {
  private readonly chunks: Uint8Array[] = [];
  private ended = false;
  private wake: (() => void) | undefined;

  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.chunks.push(bytes);
    this.wake?.();
  }

  end(): void {
    this.ended = true;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk) yield chunk;
      else if (this.ended) return;
      else await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

function inputFrom(channels: Channels): InputQueue {
  const input = new InputQueue();
  channels.onData((channel, bytes) => {
    if (channel === stdinChannel) input.push(bytes);
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
  const input = inputFrom(channels);
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
    if (code === 0) sendStatus(channels, { metadata: {}, status: "Success" });
    else {
      sendStatus(channels, {
        metadata: {}, status: "Failure", message: `command terminated with non-zero exit code: command terminated with exit code ${code}`, reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: String(code) }] },
      });
    }
  } catch (error) {
    const message = `error executing command in container: ${error instanceof Error ? error.message : String(error)}`;
    sendStatus(channels, { metadata: {}, status: "Failure", message: `${isRelayed ? "Internal error occurred: " : ""}Internal error occurred: ${message}`, reason: "InternalError", details: { causes: [{ message }] }, code: 500 });
  }
}

/** Joins the main process until it ends or the client goes. */
export async function attachSession(attach: (options: RuntimeAttach) => Promise<void>, options: ExecOptions, channels: Channels): Promise<void> {
  const input = inputFrom(channels);
  const abort = new AbortController();
  channels.closed(() => abort.abort());
  await attach({
    ...(options.stdin ? { stdin: input } : {}),
    signal: abort.signal,
    onOutput: (stream, bytes) => {
      if (stream === "stdout" ? options.stdout : options.stderr) channels.send(stream === "stdout" ? stdoutChannel : stderrChannel, bytes);
    },
  });
  sendStatus(channels, { metadata: {}, status: "Success" });
}
