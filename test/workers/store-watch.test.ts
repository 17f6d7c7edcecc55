import { describe, expect, it } from 'vitest';
import { StoreTrouble } from '../../workers/store-watch.ts';

const FULL = 'the disk is full';
const ERROR = 'the disk reports an error';

/** What is reported after these looks: seconds, and why the database is not writable. */
function reported(...looks: readonly (readonly [number, string?])[]): string | undefined {
  const trouble = new StoreTrouble();
  for (const [at, why] of looks) trouble.see(why, at * 1_000);
  return trouble.lasting;
}

describe('a database that cannot be written', () => {
  it('is reported when that lasts longer than a restart of its server, with the newest reason', () => {
    expect(reported([0, FULL], [9, FULL])).toBeUndefined();
    expect(reported([0, FULL], [9, FULL], [11, FULL])).toBe(FULL);
    expect(reported([0, FULL], [11, FULL], [14, ERROR])).toBe(ERROR);
  });

  it('is not reported where it was writable in between', () => {
    expect(reported([0, FULL], [9, FULL], [12], [15, FULL], [18, FULL])).toBeUndefined();
  });

  it('is taken back when it has been writable for a while: one that goes to and fro costs few signals', () => {
    const lasting = [
      [0, FULL],
      [11, FULL],
    ] as const;
    expect(reported(...lasting, [14], [38])).toBe(FULL);
    expect(reported(...lasting, [14], [38], [42])).toBeUndefined();
    expect(reported(...lasting, [14], [38, ERROR], [42])).toBe(ERROR);
  });
});
