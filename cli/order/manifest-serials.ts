import { csvCells } from '../../manifests/csv/csv-cells.ts';
import { readManifestLines } from '../../manifests/csv/manifest-lines.ts';
import { parseHeader } from '../../manifests/check/manifest-header.ts';
import { isSerial } from '../../provisioning/serial-number.ts';
import { CommandError } from '../exit-status.ts';

/**
 * The serials of a manifest, in its order. It need not be valid otherwise: whether it is, the line says when it is
 * submitted. Throws `unknown` for a file that cannot be read, `manifestRefused` for one without serials, or with
 * something else in that column.
 */
export async function serialsOfManifest(file: string): Promise<string[]> {
  const serials: string[] = [];
  let cell: number | undefined;
  try {
    for await (const lines of readManifestLines(file)) {
      const [header] = lines;
      const rows = cell === undefined ? lines.slice(1) : lines;
      cell ??= header && parseHeader(header).columns?.cells.get('serial');
      if (cell === undefined) throw refused(file, 'it has no column "serial"');
      for (const { number, text } of rows) {
        const serial = csvCells([text])[0]?.[cell] ?? '';
        if (!isSerial(serial)) throw refused(file, `text line ${number} has no valid serial`);
        serials.push(serial);
      }
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
