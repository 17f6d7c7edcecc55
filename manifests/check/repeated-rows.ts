import type { Cause } from './issue.ts';
import { RowBlocks } from './row-blocks.ts';

const BLOCK = 'a block of cells was pasted twice, so delete or correct one of the two blocks';
const ONE_VALUE = 'one value was copied into all of these CSV rows';

/** Which values of a column that occur a second time belong together: those of rows that follow each other. */
export class RepeatedRows {
  readonly #blocks = new RowBlocks();
  #line = 0;
  #first = 0;

  /** Why the value in `line` is the one of `first`. */
  causeOf(line: number, first: number): Cause {
    const isNext = line === this.#line + 1;
    const isSame = isNext && first === this.#first;
    const isBlock = isNext && first === this.#first + 1;
    this.#line = line;
    this.#first = first;
    return { id: this.#blocks.idOf(line, isSame || isBlock), remedy: isSame ? ONE_VALUE : BLOCK };
  }
}
