/** The value below which a share `rank` (0 to 1) of the values is. */
export function quantile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * rank))] ?? NaN;
}

/** The median of each column over rounds that measured the same columns. */
export function medians(rounds: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const columns = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(
    columns.map((column) => [
      column,
      quantile(
        rounds.map((round) => round[column] ?? NaN),
        0.5,
      ),
    ]),
  );
}
