/** A package as it would be published. */

/** One tarball. */
export interface Packed {
  readonly name: string;
  readonly folder: string;
  readonly tarball: string;
}
