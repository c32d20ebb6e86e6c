/**
 * The parts of an image reference that defaults depend on. Reads references as the distribution project's grammar does:
 * `[domain/]path[:tag][@digest]`, names in lower case, 255 characters at most.
 */
const pathComponent = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const reference = new RegExp(
  `^((?:${domain}/)?${pathComponent}(?:/${pathComponent})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);
const identifier = /^[a-f0-9]{64}$/;
const nameLengthMax = 255;

/** The tag of an image; `latest` when it names neither tag nor digest; "" when it has a digest only or cannot be read. */
export function imageTag(image: string): string {
  if (image.length > 1024 || identifier.test(image)) return "";
  const match = reference.exec(image);
  if (match === null || !nameIsNormal(match[1] ?? "")) return "";
  return match[2] ?? (match[3] === undefined ? "latest" : "");
}

/** Docker Hub's names gain a domain before they are judged, and the path must be in lower case. */
function nameIsNormal(name: string): boolean {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const hasDomain = slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  const full = hasDomain ? name : slash < 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
  const path = hasDomain ? name.slice(slash + 1) : name;
  return path.toLowerCase() === path && full.length - full.indexOf("/") - 1 <= nameLengthMax;
}
