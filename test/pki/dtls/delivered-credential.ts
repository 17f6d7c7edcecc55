import { writeCertificate } from '../../../fixtures/board/write-certificate.ts';
import { writeNewKey } from '../../../fixtures/board/write-key.ts';
import type { WrittenKey } from '../../../fixtures/board/write-key.ts';
import type { Socket } from '../../../fixtures/station/socket.ts';
import type { KeyEncoding } from '../../../provisioning/product.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { PRODUCT, startBench } from '../../fixtures/station/bench.ts';

/** The octets of both files as they lie on a board. */
export interface Credential {
  readonly key: Uint8Array;
  readonly certificate: Uint8Array;
}

/** Who is to be made, and who signs for it. */
export interface Delivery {
  readonly serial: string;
  readonly certify: (key: WrittenKey) => Promise<Uint8Array>;
}

const never = new AbortController().signal;

/** Makes each of these on a board of its own, as a station does, over its serial port, and reads it back from there. */
export async function deliver(
  keyEncoding: KeyEncoding,
  issuers: readonly Uint8Array[],
  deliveries: readonly Delivery[],
): Promise<Credential[]> {
  const sockets = deliveries.map((_delivery, index) => String(index + 1));
  const bench = await startBench({ sockets, issuers, product: { ...PRODUCT, keyEncoding } });
  try {
    return await Promise.all(
      deliveries.map(async (delivery, index) => {
        const socket = bench.station.sockets[index]!;
        bench.line.insertBoard('st', socket.config.id);
        await bench.ready(socket.config.id);
        await provision(socket, delivery);
        return await readBack(socket, delivery.serial);
      }),
    );
  } finally {
    await bench.end();
  }
}

async function provision(socket: Socket, { serial, certify }: Delivery): Promise<void> {
  const { boardId } = socket.seated!;
  const key = await socket.use({ serial, step: 'generateKeypair', boardId }, never, (board) =>
    writeNewKey(board, { serial, boardId }, never),
  );
  const certificate = await certify(key);
  await socket.use({ serial, step: 'flashCredentials', boardId }, never, (board) =>
    writeCertificate(board, { certificate, serial, boardId }, never),
  );
}

async function readBack(socket: Socket, serial: string): Promise<Credential> {
  return await socket.use({ serial, step: 'verifyReadback' }, never, async ({ client, product }) => {
    const key = await readFile(client, product.keyPath, { secret: true });
    const certificate = await readFile(client, product.certificatePath);
    return { key: key!, certificate: certificate! };
  });
}
