/**
 * Which Node can run this repository.
 *
 * undici 8 asks for 22.19; type stripping without a flag and `node:sqlite` without a warning came to the 24 line with
 * 24.11. Odd lines never get long-term support, so 23 and 25 are treated as too old.
 * Plain JavaScript: the Node that asks may be one that fits nothing (18, 20).
 */

/** Lowest minor per long-term line; every line from `fromMajor` up is welcome. */
const lowestMinor = new Map([
  [22, 19],
  [24, 11],
]);
const fromMajor = 26;

/**
 * @param {string} version as in `process.versions.node`, e.g. `22.19.0`
 * @returns {boolean} whether the sources run on it as they are
 */
export function fits(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major >= fromMajor) return true;
  const lowest = lowestMinor.get(major);
  return lowest !== undefined && minor >= lowest;
}
