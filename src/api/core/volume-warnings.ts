import type { KeyToPath, Volume, VolumeProjection } from "../types/core-v1.ts";
import { goQuote } from "../validation/go-text.ts";

/** Warnings about files of one volume that hide each other, because they have the same path or one lies below the other. */
interface File {
  readonly path: string;
  /** What the file comes from, where a volume has several sources. */
  readonly source: string;
}

export function volumeFileWarnings(volume: Volume): string[] {
  const name = goQuote(volume.name ?? "");
  const warnings: string[] = [];
  const plain: readonly [kind: string, items: readonly { readonly path: string }[] | undefined][] = [
    ["ConfigMap", volume.configMap?.items],
    ["Secret", volume.secret?.items],
    ["DownwardAPI", volume.downwardAPI?.items],
  ];
  for (const [kind, items] of plain) {
    for (const text of overlaps(filesOf(items, ""))) warnings.push(`volume ${name} (${kind}): overlapping paths: ${text}`);
  }
  const sources = volume.projected?.sources ?? [];
  for (const source of sources) if (Object.keys(source).length === 0) warnings.push(`volume ${name} (Projected) has no sources provided`);
  for (const text of overlaps(sources.flatMap(projectedFiles))) warnings.push(`volume ${name} (Projected): overlapping paths: ${text}`);
  return warnings;
}

function filesOf(items: readonly Pick<KeyToPath, "path">[] | undefined, source: string): File[] {
  return (items ?? []).map(({ path }) => ({ path: path.replace(/\/+$/, ""), source }));
}

function projectedFiles({ configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle }: VolumeProjection): File[] {
  if (configMap !== undefined) return filesOf(configMap.items, `ConfigMap ${goQuote(configMap.name ?? "")}`);
  if (secret !== undefined) return filesOf(secret.items, `Secret ${goQuote(secret.name ?? "")}`);
  if (downwardAPI !== undefined) return filesOf(downwardAPI.items, "DownwardAPI");
  if (serviceAccountToken !== undefined) return filesOf([serviceAccountToken], "ServiceAccountToken");
  if (clusterTrustBundle === undefined) return [];
  return filesOf([clusterTrustBundle], `ClusterTrustBundle ${goQuote(clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? "")}`);
}

/** `"b" with "a"` for every later file that meets an earlier one. */
function overlaps(files: readonly File[]): string[] {
  const text = ({ path, source }: File): string => (source === "" ? goQuote(path) : `${goQuote(path)} (${source})`);
  const meet = (a: File, b: File): boolean => `${a.path}/`.startsWith(`${b.path}/`) || `${b.path}/`.startsWith(`${a.path}/`);
  return files.flatMap((file, i) => files.slice(0, i).filter((earlier) => meet(file, earlier)).map((earlier) => `${text(file)} with ${text(earlier)}`));
}
