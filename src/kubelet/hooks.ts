import type { LifecycleHandler } from "../api/types/core-v1.ts";
import { execIn, portNumber } from "./probes.ts";
import type { ProbeMeans, ProbeTarget } from "./probes.ts";

/** A hook has no time limit of its own; the longest a Pod may take to end bounds it. */
const hookMsMax = 24 * 3_600_000;

/** Runs a postStart or preStop hook. Resolves with undefined, or with why it failed as the event says it. */
export async function runHook(handler: LifecycleHandler, target: ProbeTarget, means: ProbeMeans): Promise<string | undefined> {
  const { container, podIp } = target;
  if (handler.sleep) {
    await means.environment.clock.sleep(handler.sleep.seconds * 1000);
    return undefined;
  }
  try {
    if (handler.exec) {
      const command = handler.exec.command ?? [];
      const { code, output } = await execIn(means, target.containerId, command, hookMsMax);
      return code === 0 ? undefined : `Exec lifecycle hook (${JSON.stringify(command).replaceAll('","', '" "')}) for Container "${container.name}" failed - error: command '${command.join(" ")}' exited with ${code}: ${output}, message: ${JSON.stringify(output)}`;
    }
    if (handler.httpGet) {
      const { path = "/", port, host, scheme = "HTTP" } = handler.httpGet;
      const number = portNumber(port, container) ?? 80;
      const { status } = await means.network.httpGet({ ip: host || podIp, port: number, path: path.startsWith("/") ? path : `/${path}`, scheme, headers: {}, timeoutMs: 30_000 });
      return status >= 200 && status < 400 ? undefined : `HTTP lifecycle hook (${path}) for Container "${container.name}" failed - error: status ${status}`;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
