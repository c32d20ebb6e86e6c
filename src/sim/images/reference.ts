import { fnv1a32 } from "../../base/hash.ts";

/** An image reference in full: `nginx` is `docker.io/library/nginx:latest`. */
export interface ImageReference {
  readonly host: string;
  /** Without the host. */
  readonly path: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const referenceShape = new RegExp(`^(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}))?$`);

/** The reference, or what is wrong with it in the words of distribution's parser. */
export function parseReference(text: string): ImageReference | string {
  const slash = text.indexOf("/");
  const first = slash < 0 ? "" : text.slice(0, slash);
  const hasHost = slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  const host = hasHost ? first : "docker.io";
  const rest = hasHost ? text.slice(slash + 1) : text;
  const match = referenceShape.exec(rest);
  if (!match) {
    const name = (rest.split(/[:@]/)[0] as string);
    if (name !== "" && name.toLowerCase() !== name && referenceShape.test(rest.toLowerCase())) {
      const full = host === "docker.io" && !name.includes("/") ? `library/${name}` : name;
      return `invalid reference format: repository name (${full}) must be lowercase`;
    }
    return "invalid reference format";
  }
  const path = match[1] as string;
  const wrong = match[3] === undefined ? undefined : wrongDigest(match[3]);
  if (wrong !== undefined) return wrong;
  return {
    host: host === "index.docker.io" ? "docker.io" : host,
    path: host === "docker.io" && !path.includes("/") ? `library/${path}` : path,
    tag: match[2] ?? (match[3] === undefined ? "latest" : ""),
    digest: match[3],
  };
}

/** Hexadecimal digits by algorithm. */
const digestLengths: { readonly [algorithm: string]: number } = { sha256: 64, sha384: 96, sha512: 128 };

function wrongDigest(digest: string): string | undefined {
  const [algorithm = "", digits = ""] = digest.split(":");
  const length = Object.hasOwn(digestLengths, algorithm) ? digestLengths[algorithm] : undefined;
  if (length === undefined) return "unsupported digest algorithm";
  if (digits.length !== length) return "invalid checksum digest length";
  return digits === digits.toLowerCase() ? undefined : "invalid checksum digest format";
}

/** A pattern of up to so many digits, over and over, is nobody's digest. */
const patternMax = 16;

/** Whether somebody made the digest up: `000…`, `deadbeefdeadbeef…`. What looks random may well be that of a real image. */
export function isMadeUp(digest: string): boolean {
  const digits = digest.slice(digest.indexOf(":") + 1);
  for (let length = 1; length <= patternMax; length++) if (digits.startsWith(digits.slice(length))) return true;
  return false;
}

export function repositoryOf(reference: ImageReference): string {
  return `${reference.host}/${reference.path}`;
}

export function printReference(reference: ImageReference): string {
  return `${repositoryOf(reference)}${reference.tag === "" ? "" : `:${reference.tag}`}${reference.digest === undefined ? "" : `@${reference.digest}`}`;
}

/** The id of an image's configuration, without `sha256:`: what tools of the runtime call the image id. */
export function imageIdOf(reference: ImageReference): string {
  return digestOf(`config/${printReference(reference)}`).slice("sha256:".length);
}

/** A digest that is a function of the text. */
export function digestOf(text: string): string {
  let hex = "";
  for (let i = 0; i < 8; i++) hex += fnv1a32(`${i}/${text}`).toString(16).padStart(8, "0");
  return `sha256:${hex}`;
}
