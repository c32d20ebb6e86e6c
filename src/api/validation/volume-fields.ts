/** Fields of a PersistentVolume's spec that describe it; each of the others is a source and says where the volume is. */
export const descriptiveVolumeFields: readonly string[] = [
  "capacity",
  "accessModes",
  "claimRef",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "mountOptions",
  "volumeMode",
  "nodeAffinity",
  "volumeAttributesClassName",
];
