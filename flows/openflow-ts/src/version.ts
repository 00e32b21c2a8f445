/** The version byte of an OpenFlow header. */
export type Version = 4 | 5 | 6;

export const OpenFlow13 = 4;
export const OpenFlow14 = 5;
export const OpenFlow15 = 6;

/** Every version that messages can be encoded in, oldest first. */
export const versions: readonly Version[] = [OpenFlow13, OpenFlow14, OpenFlow15];

/**
 * Action lists alone can also be read and written as OpenFlow 1.0, 1.1 and 1.2 have them, which is what `ovs-ofctl
 * parse-actions` and old captures need.
 */
export type ActionVersion = 1 | 2 | 3 | Version;

/** "1.5" for 6. */
export function versionName(version: number): string {
  return version >= 1 && version <= 6 ? `1.${version - 1}` : `unknown (wire version ${version})`;
}

export function isVersion(version: number): version is Version {
  return version >= OpenFlow13 && version <= OpenFlow15;
}
