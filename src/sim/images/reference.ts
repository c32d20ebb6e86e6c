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
  return {
    host: host === "index.docker.io" ? "docker.io" : host,
    path: host === "docker.io" && !path.includes("/") ? `library/${path}` : path,
    tag: match[2] ?? (match[3] === undefined ? "latest" : ""),
    digest: match[3],
  };
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
