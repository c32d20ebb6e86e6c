/** Takes out of recorded and replayed texts what the transcripts' README says varies from run to run. */

const suffix = "[bcdfghjklmnpqrstvwxz2456789]{5}";

const rules: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uid>"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>"],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "<time>"],
  [/(resourceVersion"?:? ?"?)\d+/g, "$1<rv>"],
  [/(Resource Version: *)\d+/g, "$1<rv>"],
  [new RegExp(`(?<=[a-z0-9]-)${suffix}\\b`, "g"), "<x>"],
  [/kube-api-access-<x>/g, "kube-api-access-<x>"],
  [/\b10\.244\.\d+\.\d+\b/g, "<pod-ip>"],
  [/\b172\.18\.0\.\d+\b/g, "<node-ip>"],
  [/\b10\.96\.\d+\.\d+\b/g, "<cluster-ip>"],
  [/\b3[0-2]\d{3}(?=\/(TCP|UDP))|(?<=nodePort: )3[0-2]\d{3}\b/g, "<node-port>"],
  [/\blearning-worker\d*\b/g, "<node>"],
  [/(HolderIdentity: +).*/g, "$1<holder>"],
  // Host names, folders and log stamps of the machine that kubectl or the control plane ran on.
  [/default-scheduler-[a-z][\w-]*/g, "default-scheduler-<host>"],
  [/^([IWE])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, "$1 <stamp> "],
  [/\b66\d\d(?=\/TCP)/g, "<server-port>"],
  [/milliseconds=\d+/g, "milliseconds=<n>"],
  [/(\$TMPDIR|\/tmp)\/(LIVE|MERGED)-\d+/g, "<folder>/$2"],
  [/(\$WORK|\/tmp\/coracle-replay-\w+)(\/(cwd-\w+|home))?(\/(config-[\w-]+|\.kc))?/g, "<folder>"],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000/g, "<time>"],
  // Names of events end in their time.
  [/\.18[0-9a-f]{14}\b/g, ".<event>"],
  [/Too large resource version: (\d+), current: \d+/g, "Too large resource version: $1, current: <rv>"],
  // CronJob Jobs carry the minute of their tick.
  [/-2\d{7}\b/g, "-<minute>"],
  [/https:\/\/127\.0\.0\.1:\d+/g, "<server>"],
  [/\b\d+(\.\d+)?(ms|s|m|h|d)(\d+(ms|s|m|h))*\b/g, "<age>"],
  [/\(x\d+ over <age>\)/g, "<times>"],
  [/<age> +<times>|<age> <times>/g, "<age>"],
  [/[ \t]{2,}/g, "  "],
  [/[ \t]+$/gm, ""],
];

export function normalise(text: string): string {
  let out = text;
  for (const [pattern, replacement] of rules) out = out.replace(pattern, replacement);
  return inOneOrder(out);
}

/** kubectl drain tells its reasons in the order of a map of Go, another each time: in one line, and line by line. */
function inOneOrder(text: string): string {
  return text
    .replace(/\[(cannot delete [^\]]+)\]/g, (_, reasons: string) => `[${reasons.split(/, (?=cannot delete )/).sort().join(", ")}]`)
    .replace(/(?:^ *cannot delete .*(?:\n|$)){2,}/gm, (lines) => `${lines.trimEnd().split("\n").sort().join("\n")}${lines.endsWith("\n") ? "\n" : ""}`);
}

/** Lines in an order of their own: tables whose rows are sorted by random names. */
export function sortedLines(text: string): string {
  return text.split("\n").sort().join("\n");
}
