/** When each part of a run was reached, since this process began: says where the time of a first run goes. */
export class Milestones {
  readonly #reached: (readonly [name: string, atMs: number])[] = [];

  /** Notes that this part is reached, now or at a time of the same clock, in milliseconds since the process began. */
  reach(name: string, atMs: number = performance.now()): void {
    this.#reached.push([name, atMs]);
  }

  /** As one line, in the order of time: `CA 0.9 s, boards 1.7 s, server found 2.0 s`. */
  line(): string {
    const inOrder = this.#reached.toSorted(([, one], [, other]) => one - other);
    return inOrder.map(([name, atMs]) => `${name} ${(atMs / 1_000).toFixed(1)} s`).join(', ');
  }
}
