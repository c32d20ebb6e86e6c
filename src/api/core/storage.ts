/** What volumes and claims share: access modes. */

/** The class of objects made before the field was there. */
export const storageClassAnnotation = "volume.beta.kubernetes.io/storage-class";

const modes: readonly (readonly [mode: string, short: string])[] = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
];

/** `RWO,ROX`, in upstream's order. */
export function accessModesText(given: readonly string[] | undefined): string {
  return modes
    .filter(([mode]) => given?.includes(mode))
    .map(([, short]) => short)
    .join(",");
}
