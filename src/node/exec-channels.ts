/** The client's side of exec: one WebSocket with numbered channels (`v5.channel.k8s.io`), stdin and terminal sizes in, output and a Status out. */
import type { Readable, Writable } from "node:stream";
import { WebSocket } from "ws";
import { Failure, reasonOf } from "./failure.ts";
import type { Access } from "./kubeconfig.ts";

export interface ExecStreams {
  readonly stdin?: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Columns and rows of the terminal, when there is one. */
  readonly size?: () => { readonly width: number; readonly height: number };
}

/** stdin ends with this channel number and the number of the ended channel after it. */
const endChannel = 255;

/** Resolves with the exit code of the command. Rejects with a Failure when there is no connection or the server refuses. */
export function execOver(access: Access, path: string, streams: ExecStreams): Promise<number> {
  const socket = new WebSocket(`${access.url.replace(/^https/, "wss")}${path}`, ["v5.channel.k8s.io"], { ca: access.authority, cert: access.certificate, key: access.key });
  return new Promise((resolve, reject) => {
    let status: string | undefined;
    socket.on("open", () => {
      const { stdin, size } = streams;
      if (size) socket.send(Buffer.concat([Buffer.from([4]), Buffer.from(JSON.stringify({ Width: size().width, Height: size().height }))]));
      stdin?.on("data", (chunk: Buffer | string) => socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(chunk)])));
      stdin?.on("end", () => socket.send(Buffer.from([endChannel, 0])));
    });
    socket.on("message", (data: Buffer) => {
      const content = data.subarray(1);
      if (data[0] === 1) streams.stdout.write(content);
      else if (data[0] === 2) streams.stderr.write(content);
      else if (data[0] === 3) status = content.toString();
    });
    socket.on("unexpected-response", (_request, response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => reject(new Failure(messageOf(text) ?? `the cluster answered ${response.statusCode}`)));
    });
    socket.on("error", (error) => reject(new Failure(`the cluster does not answer at ${access.url}: ${reasonOf(error)}`, { cause: error })));
    socket.on("close", () => {
      streams.stdin?.pause();
      if (status === undefined) reject(new Failure("the connection ended before the command did"));
      else settle(status, resolve, reject);
    });
  });
}

function messageOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}

interface ExitStatus {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

function settle(text: string, resolve: (code: number) => void, reject: (error: Failure) => void): void {
  const status = JSON.parse(text) as ExitStatus;
  if (status.status === "Success") return resolve(0);
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (code === undefined) reject(new Failure(status.message ?? "the command failed"));
  else resolve(Number(code));
}
