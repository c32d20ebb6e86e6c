/** What volumes and claims share: access modes. */

/** The class of objects made before the field was there. */
/** Where the class stood before it had a field. */
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

export function storageClassWarnings(annotations: { readonly [key: string]: string } | undefined): string[] {
  if (annotations === undefined || !Object.hasOwn(annotations, storageClassAnnotation)) return [];
  return [`metadata.annotations[${storageClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`];
}
