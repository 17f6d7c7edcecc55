import type { IssuedCrl } from '../../pki/revocation/crl-issuer.ts';
import { printJson } from '../terminal/stdout.ts';
import { printFields } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';

/** What is printed of a list, and of this kind of list alone. */
export interface CrlPrint {
  readonly path: string;
  readonly issued: IssuedCrl;
  readonly json: boolean | undefined;
  readonly members?: object;
  readonly fields?: Parameters<typeof printFields>[0];
}

export function printCrl({ path, issued, json, members = {}, fields = [] }: CrlPrint): void {
  const { number, entries } = issued;
  const [thisUpdate, nextUpdate] = [issued.thisUpdate.toISOString(), issued.nextUpdate.toISOString()];
  if (json === true) {
    printJson({ crl: path, number, entries, thisUpdate, nextUpdate, ...members });
    return;
  }
  printFields([
    ['List', path],
    ['Number', String(number)],
    ['Entries', String(entries)],
    ['Made', shownTime(thisUpdate)],
    ['Next by', shownTime(nextUpdate)],
    ...fields,
  ]);
}
