/** A small client of the Kubernetes API over HTTPS, for commands that act on a cluster in another process. */
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { Failure, reasonOf } from "./failure.ts";
import type { Access } from "./kubeconfig.ts";

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A server that is there begins to answer at once, also in the middle of a move of its time. */
const answerMsMax = 30_000;

export class ApiConnection {
  private readonly access: Access;
  private readonly agent: Agent;
  private readonly answerMsMax: number;

  constructor(access: Access, options: { readonly answerMsMax?: number } = {}) {
    this.access = access;
    this.answerMsMax = options.answerMsMax ?? answerMsMax;
    this.agent = new Agent({ keepAlive: true, ca: access.authority, cert: access.certificate, key: access.key });
  }

  get(path: string): Promise<ApiAnswer> {
    return this.ask("GET", path);
  }

  /** A merge patch. */
  patch(path: string, body: unknown): Promise<ApiAnswer> {
    return this.ask("PATCH", path, JSON.stringify(body));
  }

  create(path: string, body: unknown): Promise<ApiAnswer> {
    return this.ask("POST", path, JSON.stringify(body), "application/json");
  }

  delete(path: string): Promise<ApiAnswer> {
    return this.ask("DELETE", path);
  }

  /** Objects of a watch in order, until it ends. */
  async *watch(path: string): AsyncGenerator<{ readonly type: string; readonly object: unknown }> {
    const answer = await this.open("GET", path, undefined);
    let rest = "";
    for await (const chunk of this.textOf(answer)) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield JSON.parse(line) as { type: string; object: unknown };
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private async ask(method: string, path: string, body?: string, type = "application/merge-patch+json"): Promise<ApiAnswer> {
    const answer = await this.open(method, path, body, type);
    let text = "";
    for await (const chunk of this.textOf(answer)) text += chunk;
    return { status: answer.statusCode ?? 0, body: JSON.parse(text) as unknown };
  }

  /** What an answer says, as it comes; a Failure when the connection ends before it does. */
  private async *textOf(answer: IncomingMessage): AsyncGenerator<string> {
    try {
      for await (const chunk of answer.setEncoding("utf8")) yield String(chunk);
    } catch (error) {
      throw this.failure(error);
    }
  }

  private failure(error: unknown): Failure {
    return new Failure(`the cluster does not answer at ${this.access.url}: ${reasonOf(error)}`, { cause: error });
  }

  private open(method: string, path: string, body: string | undefined, type = ""): Promise<IncomingMessage> {
    const headers = { accept: "application/json", ...(body === undefined ? {} : { "content-type": type }) };
    return new Promise((resolve, reject) => {
      const sent = request(`${this.access.url}${path}`, { method, headers, agent: this.agent }, resolve);
      const timer = setTimeout(() => sent.destroy(new Error(`nothing within ${this.answerMsMax / 1000} s`)), this.answerMsMax);
      sent.on("error", (error) => reject(this.failure(error)));
      sent.once("response", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
      sent.end(body);
    });
  }
}
