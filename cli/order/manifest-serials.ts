import { stat } from 'node:fs/promises';
import { serialColumn } from '../../manifests/check/serial-column.ts';
import { MAX_BYTES } from '../../manifests/intake/copy-manifest.ts';
import { isSerial } from '../../provisioning/serial-number.ts';
import { CommandError } from '../exit-status.ts';

/**
 * The serials of a manifest, in its order. It need not be valid otherwise: whether it is, the line says when it is
 * submitted. Throws `unknown` for a file that cannot be read, `manifestRefused` for one without serials, or with
 * something else in that column.
 */
export async function serialsOfManifest(file: string): Promise<string[]> {
  const serials: string[] = [];
  try {
    if ((await stat(file)).size > MAX_BYTES) throw refused(file, 'it is larger than 200 MB');
    for await (const cell of serialColumn(file)) {
      if (cell === undefined) throw refused(file, 'it has no column "serial"');
      if (!isSerial(cell.serial)) throw refused(file, `text line ${cell.line} has no valid serial`);
      serials.push(cell.serial);
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const message = `The manifest ${file} cannot be read: give the path of a file that you may read.`;
    throw new CommandError('unknown', message, { cause: error });
  }
  if (serials.length > 0) return serials;
  throw refused(file, 'it has no CSV rows');
}

function refused(file: string, why: string): CommandError {
  return new CommandError('manifestRefused', `${file} gives no list of serials (${why}): correct it.`);
}
