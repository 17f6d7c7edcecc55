import { REWORK_MAX } from '../../provisioning/rework.ts';
import { isSerial } from '../../provisioning/serial-number.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';

/** Sixty times as many serials as a rework takes. */
const SERIALS: Wanted = { content: 'a list with one serial in each text line', maxBytes: 2 ** 20 };

/** The serials in a file, one in each text line, in upper case. Throws `usage` and names the line that is wrong, `unknown`. */
export function readSerials(path: string): string[] {
  const lines = readLines(path).map((line, at) => ({ serial: line.trim().toUpperCase(), line: at + 1 }));
  const rows = lines.filter(({ serial }) => serial !== '');
  for (const { serial, line } of rows)
    if (!isSerial(serial))
      throw wrong(path, `text line ${line} is not a serial number: ${JSON.stringify(serial.slice(0, 70))}`);
  const serials = rows.map(({ serial }) => serial);
  if (serials.length > REWORK_MAX)
    throw wrong(path, `it has ${serials.length} serial numbers, and a rework takes at most ${REWORK_MAX}`);
  const again = rows.find(({ serial }, at) => serials.indexOf(serial) < at);
  if (again !== undefined) throw wrong(path, `text line ${again.line} repeats ${again.serial}`);
  if (serials.length === 0) throw wrong(path, 'there is no serial number in it');
  return serials;
}

function readLines(path: string): string[] {
  return readGivenFile(path, SERIALS)
    .toString()
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
}

function wrong(path: string, what: string): CommandError {
  return new CommandError('usage', `The file ${path} cannot be used: ${what}.`);
}
