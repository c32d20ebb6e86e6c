/**
 * Draws docs/terminal.svg, the picture of the README, from docs/terminal.txt: `node scripts/draw-terminal.ts`. Lines that begin with `$ `
 * are what a person types.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const docs = join(import.meta.dirname, "..", "docs");
const lines = readFileSync(join(docs, "terminal.txt"), "utf8").trimEnd().split("\n");
const size = { font: 13, line: 18, left: 16, top: 44, character: 7.8 } as const;
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * size.character + 2 * size.left);
const height = size.top + lines.length * size.line + 8;
const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const rows = lines.map((line, i) => {
  const colour = line.startsWith("$ ") ? "#9ece6a" : line.startsWith(" ✓") ? "#7dcfff" : "#c0caf5";
  return `<text x="${size.left}" y="${size.top + i * size.line}" fill="${colour}" xml:space="preserve">${escape(line)}</text>`;
});
writeFileSync(
  join(docs, "terminal.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="${size.font}">
<title>A terminal: npm start, then kubectl against the cluster</title>
<rect width="100%" height="100%" rx="8" fill="#1a1b26"/>
<circle cx="20" cy="16" r="5" fill="#f7768e"/><circle cx="38" cy="16" r="5" fill="#e0af68"/><circle cx="56" cy="16" r="5" fill="#9ece6a"/>
${rows.join("\n")}
</svg>
`,
);
