import { writeWholeSync } from '../../disk/write-whole.ts';
import { readOrderFile } from '../../pki/orders/order-desk.ts';
import { parseOrderText, signOrder } from '../../pki/orders/order.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { loadReleaseKey } from '../../pki/keys/release-key.ts';
import { releaseKeyFolder, releasePassphrasePath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import { printLine } from '../terminal/stdout.ts';

export interface SignOrderOptions {
  readonly key?: string;
  readonly passphraseFile?: string;
}

/** `certline order sign`. Throws `unknown`, ORDER_INVALID, and what opens no release key. */
export function signOrderFile(stateFolder: string, path: string, options: SignOrderOptions): void {
  const file = readOrderFile(path);
  if (file === undefined) throw new CommandError('unknown', `There is no order ${path}.`);
  const order = parseOrderText(withoutSignatures(file), path);
  const passphrase = passphraseFromFile(options.passphraseFile ?? releasePassphrasePath(stateFolder));
  try {
    const directory = options.key ?? releaseKeyFolder(stateFolder);
    const { verifierKey, privateKey } = loadReleaseKey({ directory, passphrase });
    writeWholeSync(path, 0o644, signOrder(order, verifierKey, privateKey));
    const { order: id, quantity, products } = order;
    printLine(`Signed ${path} as ${verifierKey.name}: order ${id}, ${quantity} × ${products.join(', ')}`);
  } finally {
    passphrase.wipe();
  }
}

/** What is signed is made anew from the content: whoever signs says all of it again. */
function withoutSignatures(file: string): string {
  return file.split('\n\n— ')[0]!;
}
