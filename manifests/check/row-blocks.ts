/** CSV rows that follow each other and belong together. */
export class RowBlocks {
  #last = 0;
  #begin = 0;

  /** The same for all rows of a block, in the order of their lines; `continues`: whether this row belongs to the one above. */
  idOf(line: number, continues: boolean): string {
    if (line !== this.#last + 1 || !continues) this.#begin = line;
    this.#last = line;
    return `from line ${this.#begin}`;
  }
}
