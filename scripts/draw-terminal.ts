/**
 * Draws docs/terminal.svg, the picture of the README, from what a terminal shows of a tutorial: `node scripts/draw-terminal.ts` replays
 * its scenario and keeps the first step in docs/terminal.txt. A test compares both with a replay.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname, "..");
const size = { font: 13, line: 18, left: 16, top: 44, character: 7.8 } as const;
/** The start of a line, and its colour. */
const colours: readonly (readonly [string, string])[] = [["$ npm", "#9ece6a"], ["###", "#bb9af7"], ["#", "#e0af68"], ["$ ", "#9ece6a"], ["(", "#7dcfff"], ["", "#c0caf5"]];

/** The scenario that the picture shows. */
export const pictured = "21";
export const terminalPath = join(root, "docs", "terminal.txt");
export const picturePath = join(root, "docs", "terminal.svg");

/** What is typed to begin, and the first step of what a replay prints. */
export function firstStep(replay: string): string {
  return `$ npm run tutorial -- ${pictured}\n${replay.slice(0, replay.indexOf("\n\n# 2. "))}\n`;
}

/** A terminal that shows `text`, as SVG. */
export function picture(text: string): string {
  const lines = text.trimEnd().split("\n");
  const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * size.character + 2 * size.left);
  const height = size.top + lines.length * size.line + 8;
  const escape = (line: string): string => line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const rows = lines.map((line, i) => {
    const colour = colours.find(([start]) => line.startsWith(start))?.[1];
    return `<text x="${size.left}" y="${size.top + i * size.line}" fill="${colour}" xml:space="preserve">${escape(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="${size.font}">
<title>A terminal: a tutorial replayed, kubectl's commands and what they print</title>
<rect width="100%" height="100%" rx="8" fill="#1a1b26"/>
<circle cx="20" cy="16" r="5" fill="#f7768e"/><circle cx="38" cy="16" r="5" fill="#e0af68"/><circle cx="56" cy="16" r="5" fill="#9ece6a"/>
${rows.join("\n")}
</svg>
`;
}

if (import.meta.main) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "tutorial.ts"), pictured, "--fast"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  writeFileSync(terminalPath, firstStep(stdout));
  writeFileSync(picturePath, picture(readFileSync(terminalPath, "utf8")));
}
