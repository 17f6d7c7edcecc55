import { readFileSync } from 'node:fs';
import { REWORK_MAX } from '../../provisioning/rework.ts';
import { isSerial } from '../../provisioning/serial-number.ts';
import { isSystemError } from '../../disk/errno.ts';
import { CommandError } from '../exit-status.ts';

/** The serials in a file, one in each text line, in upper case. Throws `usage` and names the line that is wrong. */
export function readSerials(path: string): string[] {
  const lines = readLines(path).map((line, at) => ({ serial: line.trim().toUpperCase(), line: at + 1 }));
  const rows = lines.filter(({ serial }) => serial !== '');
  for (const { serial, line } of rows)
    if (!isSerial(serial))
      throw wrong(path, `text line ${line} is not a serial number: ${JSON.stringify(serial.slice(0, 70))}`);
  const serials = rows.map(({ serial }) => serial);
  const again = rows.find(({ serial }, at) => serials.indexOf(serial) < at);
  if (again !== undefined) throw wrong(path, `text line ${again.line} repeats ${again.serial}`);
  if (serials.length === 0) throw wrong(path, 'there is no serial number in it');
  if (serials.length > REWORK_MAX)
    throw wrong(path, `it has ${serials.length} serial numbers, and a rework takes at most ${REWORK_MAX}`);
  return serials;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CommandError('unknown', `The file ${path} cannot be read: check its path.`, { cause: error });
  }
}

function wrong(path: string, what: string): CommandError {
  return new CommandError('usage', `The file ${path} cannot be used: ${what}.`);
}
