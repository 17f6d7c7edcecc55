/**
 * The first minor version of a major one whose SQLite numbers the parameters of a statement, as all of ours need (`?1`).
 * Every later major version has it.
 */
const FIRST_MINOR: ReadonlyMap<number, number> = new Map([
  [22, 20],
  [24, 7],
]);
const LAST_MAJOR = Math.max(...FIRST_MINOR.keys());

/** Why this Node.js cannot run Certline, and what to do; undefined where it can. */
export function nodeFault(version: string = process.version): string | undefined {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  if (major > LAST_MAJOR || minor >= (FIRST_MINOR.get(major) ?? Infinity)) return undefined;
  const needed = [...FIRST_MINOR].map(([first, least]) => `${first}.${least}`).join(' or ');
  return `Node.js ${version} cannot run Certline: install ${needed} or later, or the Certline archive, which has its own.`;
}
