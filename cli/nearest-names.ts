/** As many suggestions as a person reads. */
const MOST = 3;

/**
 * The names that come nearest to `wanted`, the nearest first: those that hold it, then those with few other letters.
 */
export function nearestNames(wanted: string, names: readonly string[]): string[] {
  const target = wanted.toLowerCase();
  const farthest = Math.max(2, Math.floor(target.length / 3));
  const rated = names.map((name) => {
    const candidate = name.toLowerCase();
    return { name, distance: candidate.includes(target) ? 0 : editDistance(target, candidate) };
  });
  const near = rated.filter(({ distance }) => distance <= farthest);
  return near
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** A sentence that names what comes nearest, to be put behind another one; empty when nothing does. */
export function didYouMean(wanted: string, names: readonly string[]): string {
  const near = nearestNames(wanted, names);
  return near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
}

/** Levenshtein: letters to insert, delete or replace. */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = previous[column - 1]! + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[other.length]!;
}
