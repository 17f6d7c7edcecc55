import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createStationActivities } from '../../activities/station-activities.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import type { IssuingCa } from '../../pki/ca/issuing-ca.ts';
import type { VirtualBoard } from '../../simulator/board/virtual-board.ts';
import { freshTbs, makeCa, signTbs } from '../pki/leaf.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { PRODUCT, startBench, unitOf } from '../fixtures/station/bench.ts';
import type { Bench } from '../fixtures/station/bench.ts';
import { certifyKey, keyBoard } from '../fixtures/station/pass-board.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.end();
  bench = undefined;
});

const WRONG = expect.objectContaining({ type: 'CERTIFICATE_WRONG' }) as Error;

/** A stranger who schedules steps on `station/st`, where the board of CL-1 has its key. */
async function stranger(serial = 'CL-1') {
  const ca = await makeCa(temporaryFolder());
  bench = await startBench({ sockets: ['1'], issuers: ca.chain });
  const board = bench.line.insertBoard('st', '1');
  await bench.ready('1');
  const key = await keyBoard(bench, serial);
  const steps = createStationActivities(
    bench.station,
    ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st'),
  );
  const claim = { stationId: 'st', socket: '1', boardId: key.boardId };
  const delivery = (certificate: Uint8Array, spkiSha256 = key.spkiSha256) => ({
    unit: unitOf(serial),
    claim,
    certificate: Buffer.from(certificate).toString('base64'),
    spkiSha256,
  });
  return {
    ca,
    key,
    board,
    flash: (certificate: Uint8Array, spkiSha256?: string) =>
      asActivity(() => steps.flashCredentials(delivery(certificate, spkiSha256))),
    verify: (certificate: Uint8Array) => asActivity(() => steps.verifyReadback(delivery(certificate))),
  };
}

const certificateOn = ({ directory }: VirtualBoard): string => join(directory, PRODUCT.certificatePath);

/** A certificate of our CA for a key that no board has. */
const forAnotherKey = async (ca: IssuingCa): Promise<Uint8Array> =>
  await signTbs(ca, await freshTbs(ca, 'CL-1'));

describe('what a stranger brings to a station is not written', () => {
  it.each<[string, (at: Awaited<ReturnType<typeof stranger>>) => Promise<Uint8Array>]>([
    [
      'the certificate of a CA of his own',
      async ({ key }) => await certifyKey(await makeCa(temporaryFolder()), 'CL-1', key),
    ],
    ["our CA's certificate for another serial", async ({ ca, key }) => await certifyKey(ca, 'CL-2', key)],
    ["our CA's certificate for another key", async ({ ca }) => await forAnotherKey(ca)],
    ['a file that fills the board', async () => new Uint8Array(8_192).fill(0x30)],
    ['nothing', async () => new Uint8Array()],
  ])('%s', async (_name, make) => {
    const at = await stranger();
    const certificate = await make(at);
    await expect(at.flash(certificate)).rejects.toThrow(WRONG);
    await expect(at.verify(certificate)).rejects.toThrow(WRONG);
    expect(existsSync(certificateOn(at.board))).toBe(false);
  });

  it('a key that this station did not make', async () => {
    const at = await stranger();
    const certificate = await forAnotherKey(at.ca);
    await expect(at.flash(certificate, 'ab'.repeat(32))).rejects.toMatchObject({ type: 'BOARD_TAKEN' });
    expect(existsSync(certificateOn(at.board))).toBe(false);
  });

  it('anything, once the board has passed', async () => {
    const at = await stranger();
    const certificate = await certifyKey(at.ca, 'CL-1', at.key);
    await at.flash(certificate);
    await at.verify(certificate);
    const another = await certifyKey(at.ca, 'CL-1', at.key);
    await expect(at.flash(another)).rejects.toMatchObject({ type: 'BOARD_TAKEN' });
    expect(readFileSync(certificateOn(at.board))).toEqual(Buffer.from(certificate));
    expect(bench!.state('1')).toBe('pass');
  });
});
