import { writeWholeSync } from '../../disk/write-whole.ts';
import { readOrderFile } from '../../pki/orders/order-desk.ts';
import { parseOrderText, signOrder } from '../../pki/orders/order.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { splitNote } from '../../pki/keys/signed-note.ts';
import { loadReleaseKey } from '../../pki/keys/release-key.ts';
import { releaseKeyFolder, releasePassphrasePath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import { tell } from '../terminal/stdout.ts';

export interface SignOrderOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** `certline order sign`. Throws `unknown`, ORDER_INVALID, and what opens no release key. */
export function signOrderFile(stateFolder: string, path: string, options: SignOrderOptions): void {
  const file = readOrderFile(path);
  if (file === undefined)
    throw new CommandError(
      'unknown',
      `There is no order file ${path}: create it with "certline order create".`,
    );
  // What is signed is made again from the content, so old signatures are left out.
  const order = parseOrderText(splitNote(file)?.text ?? file, path);
  const passphrase = passphraseFromFile(options.passphraseFile ?? releasePassphrasePath(stateFolder));
  try {
    const directory = options.key ?? releaseKeyFolder(stateFolder);
    const { verifierKey, privateKey } = loadReleaseKey({ directory, passphrase });
    writeWholeSync(path, 0o644, signOrder(order, verifierKey, privateKey));
    const { order: id, quantity, products } = order;
    const signedBy = verifierKey.name;
    tell(
      options.json,
      { file: path, signedBy, order: id, quantity, products },
      `Signed ${path} as ${signedBy}: order ${id}, ${quantity} × ${products.join(', ')}`,
    );
  } finally {
    passphrase.wipe();
  }
}
