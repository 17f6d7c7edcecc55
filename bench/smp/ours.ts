import { SmpClient } from '../../smp/client/client.ts';
import type { Link } from '../../smp/links/link.ts';
import { openSerialLink } from '../../smp/links/serial-link.ts';
import { writeFile } from '../../smp/files/write-file.ts';

/** As long as a SEC1 key and a usual device certificate. */
const KEY = Uint8Array.from({ length: 121 }, (_, index) => index * 7);
/** The same bytes the other clients write. */
function certificateOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 13);
}

/** What a run differs in. */
export interface OurRun {
  readonly path: string;
  readonly folder: string;
  /** What is known to pass; absent as for the first board of a product. */
  readonly maxMessageBytes?: number | undefined;
  readonly certificateBytes?: number;
  readonly baudRate?: number;
  /** Without it: the certificate alone, for a file system with no room for starting again. */
  readonly withKey?: boolean;
  readonly wrap?: (link: Link) => Link;
}

/** Milliseconds for the key and the certificate, directory checked, written, read back and compared. */
export async function timeOurs(run: OurRun): Promise<number> {
  const {
    path,
    folder,
    maxMessageBytes,
    certificateBytes = 600,
    baudRate = 115_200,
    withKey = true,
    wrap = (link: Link) => link,
  } = run;
  const client = new SmpClient(
    wrap(await openSerialLink({ path, baudRate })),
    maxMessageBytes === undefined ? {} : { maxMessageBytes },
  );
  try {
    await client.connect();
    const started = performance.now();
    if (withKey) await writeFile(client, `${folder}/key.der`, KEY, { secret: true });
    await writeFile(client, `${folder}/crt.der`, certificateOf(certificateBytes));
    return performance.now() - started;
  } finally {
    await client.close();
  }
}
