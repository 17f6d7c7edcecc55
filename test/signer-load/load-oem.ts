import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { orderFileName } from '../../pki/orders/order-desk.ts';
import { signOrder } from '../../pki/orders/order.ts';
import type { Order } from '../../pki/orders/order.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import type { RecordPlaces } from './load-places.ts';

const DAY_MS = 86_400_000;

/** Signs orders and puts them where the signer looks for them; so does a stranger who took the same name. */
export class LoadOem {
  readonly #folder: string;
  readonly #key = newReleaseKey();
  readonly #strangersKey = newReleaseKey();

  /** The signer of these places trusts this OEM's release key. */
  constructor({ orders, releaseKeys }: Pick<RecordPlaces, 'orders' | 'releaseKeys'>) {
    this.#folder = orders;
    mkdirSync(orders, { recursive: true });
    writeFileSync(releaseKeys, `${verifierText(this.#key.verifier)}\n`);
  }

  /** An order for sensors, open now, if nothing else is said. */
  writeOrder(
    terms: Pick<Order, 'order' | 'revision' | 'quantity' | 'reissues'> & Partial<Order>,
    spoilt: { readonly byStranger?: boolean; readonly flippedByte?: boolean } = {},
  ): void {
    const now = Date.now();
    const order = {
      products: ['sensor'],
      opens: new Date(now - DAY_MS).toISOString(),
      closes: new Date(now + DAY_MS).toISOString(),
      ...terms,
    };
    const { verifier, privateKey } = spoilt.byStranger === true ? this.#strangersKey : this.#key;
    const file = Buffer.from(signOrder(order, verifier, privateKey));
    // A digit of the quantity: the file stays an order in form, and allows another number.
    if (spoilt.flippedByte === true) file[file.indexOf(QUANTITY) + QUANTITY.length]! ^= 0x01;
    const path = join(this.#folder, orderFileName(order.order));
    writeFileSync(`${path}.new`, file);
    renameSync(`${path}.new`, path);
  }
}

const QUANTITY = '"quantity": ';

function newReleaseKey() {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { verifier: noteVerifierOf('oem', privateKey), privateKey };
}
