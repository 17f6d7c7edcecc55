import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OrderTerms } from '../../pki/orders/order-desk.ts';
import { serialListSha256, serialListText } from '../../pki/orders/serial-list.ts';
import { profileSha256 } from '../../pki/profile/certificate-profile.ts';
import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import { PROFILE } from '../pki/acme.ts';
import { askFor, openDesk, passOf, releaseOf, releaseReworkOf, secondSigner } from '../pki/signing/desk.ts';
import type { Desk } from '../pki/signing/desk.ts';
import { code } from '../pki/signing/signing-line.ts';

/** Asks now, by every clock, with the key of an enrolled station. */
async function sign({ desk }: Pick<Desk, 'desk'>, request = askFor('CL-1')): Promise<CertificateRecord> {
  const now = new Date();
  return await desk.sign(request, { askedAt: now, now });
}

async function release(
  { desk }: Pick<Desk, 'desk'>,
  batchId: string,
  order: string,
  serial: string,
): Promise<void> {
  const units = [{ serial, product: 'sensor' }];
  await desk.release(releaseOf({ batchId, order, manifestSha256: 'cd'.repeat(32), quantity: 1, units }));
}

/** What the OEM does to take an order back. */
const TAKEN_BACK: [string, (desk: Desk) => void, string][] = [
  [
    'a revision that has ended',
    ({ put }) => put({ revision: 2, closes: '2021-01-01T00:00:00.000Z' }),
    'ORDER_EXPIRED',
  ],
  ['the removal of its file', ({ sources }) => rmSync(join(sources.folder, 'PO-1.order')), 'ORDER_UNKNOWN'],
  [
    'the removal of its release key',
    ({ sources }) => writeFileSync(sources.releaseKeys, ''),
    'ORDER_INVALID',
  ],
  ['a revision without its product', ({ put }) => put({ revision: 2, products: ['pump'] }), 'ORDER_MISMATCH'],
  [
    'a revision for another manifest',
    ({ put }) => put({ revision: 2, manifestSha256: 'ef'.repeat(32) }),
    'ORDER_MISMATCH',
  ],
];

describe('H3: an order that the OEM took back', () => {
  it.each(TAKEN_BACK)(
    'by %s signs nothing, whatever order the request names',
    async (_how, takeBack, expected) => {
      const desk = await openDesk();
      desk.put({ order: 'PO-4' });
      await release(desk, 'b4', 'PO-4', 'CL-4');
      await sign(desk);
      takeBack(desk);
      const other = askFor('CL-2', undefined, undefined, { order: 'PO-4' });
      await expect(sign(desk, other)).rejects.toThrow(code('ORDER_MISMATCH', 'order'));
      await expect(sign(desk, askFor('CL-2'))).rejects.toThrow(code(expected));
      expect(desk.signer.signatures).toBe(1);
    },
  );
});

describe('H3: a revision that one of two signers has', () => {
  const outdated = code('ORDER_INVALID', 'revision');
  const list = 'CL-1\nCL-2\n';

  /** The second signer has signed under revision 1, and revision 2 without CL-3 and CL-9 was accepted at the first. */
  async function revised() {
    const first = await openDesk();
    const second = secondSigner(first);
    const request = askFor('CL-1');
    await second.desk.activate([passOf(request, await sign(second, request))]);
    writeFileSync(join(first.sources.folder, 'PO-1.serials'), list);
    first.put({ revision: 2, serialsSha256: serialListSha256(list) });
    await sign(first, askFor('CL-2'));
    return { first, second };
  }

  it('holds at the other, too, which signs again when it has the newest file', async () => {
    const { first, second } = await revised();
    const last = askFor('CL-3');
    await expect(sign(first, last)).rejects.toThrow(code('ORDER_MISMATCH', 'serial'));
    await expect(sign(second, last)).rejects.toThrow(outdated);
    await expect(sign(second, last)).rejects.toThrow(/has revision 1 of the order PO-1, and revision 2/);
    cpSync(first.sources.folder, second.sources.folder, { recursive: true });
    await expect(sign(second, last)).rejects.toThrow(code('ORDER_MISMATCH', 'serial'));
    await expect(sign(second, askFor('CL-2'))).rejects.toThrow(code('ALREADY_ISSUED'));
  });

  it('holds for a reservation that the other made before', async () => {
    const first = await openDesk();
    const second = secondSigner(first);
    const request = askFor('CL-3');
    first.signer.tamper = () => Promise.reject(new Error('the token is out'));
    await expect(sign(first, request)).rejects.toThrow(code('CA_UNAVAILABLE'));
    await sign(second);
    first.signer.tamper = (signature) => signature;
    first.put({ revision: 2 });
    await sign(first, askFor('CL-2'));
    await expect(sign(second, request)).rejects.toThrow(outdated);
    expect((await sign(first, request)).certificate.length).toBeGreaterThan(300);
  });

  it('holds for what the other releases, permits, reworks, and answers', async () => {
    const { second } = await revised();
    await expect(release(second, 'b9', 'PO-1', 'CL-9')).rejects.toThrow(outdated);
    await expect(second.desk.releaseRework(releaseReworkOf('rekey'))).rejects.toThrow(outdated);
    const asked = { batchId: 'b9', order: 'PO-1', manifestSha256: 'cd'.repeat(32), quantity: 1 };
    const units = [{ serial: 'CL-9', product: 'sensor' }];
    const question = { ...asked, products: ['sensor'], units, open: [] };
    const answer = await second.desk.askOrder(question);
    expect(answer).toMatchObject({ status: 'refused', code: 'ORDER_INVALID', reason: 'revision' });
  });

  it('is not taken back by a signer that starts with an earlier file', async () => {
    const { first } = await revised();
    const late = secondSigner(first);
    first.put({ revision: 1 });
    cpSync(first.sources.folder, late.sources.folder, { recursive: true });
    await expect(sign(late, askFor('CL-3'))).rejects.toThrow(outdated);
    await expect(sign(late, askFor('CL-3'))).rejects.toThrow(/copy the newest file/);
  });
});

describe('M4: a reservation that was made before', () => {
  /** A desk whose CA does not answer when it is asked for the certificate of CL-1. */
  async function reserved(): Promise<Desk & { request: ReturnType<typeof askFor> }> {
    const desk = await openDesk();
    const request = askFor('CL-1');
    desk.signer.tamper = () => Promise.reject(new Error('the token is out'));
    await expect(sign(desk, request)).rejects.toThrow(code('CA_UNAVAILABLE'));
    desk.signer.tamper = (signature) => signature;
    return { ...desk, request };
  }

  it('is signed while nothing changed', async () => {
    const desk = await reserved();
    expect((await sign(desk, desk.request)).certificate.length).toBeGreaterThan(300);
  });

  it('is not signed after the order was closed', async () => {
    const desk = await reserved();
    await desk.ledger.orders.closeOrder('PO-1');
    await expect(sign(desk, desk.request)).rejects.toThrow(code('ORDER_CLOSED'));
    expect(desk.signer.signatures).toBe(1);
  });

  it.each(TAKEN_BACK)('is not signed after %s', async (_how, takeBack, expected) => {
    const desk = await reserved();
    takeBack(desk);
    await expect(sign(desk, desk.request)).rejects.toThrow(code(expected));
    expect(desk.signer.signatures).toBe(1);
  });

  it('is not signed while the clock of the signer is before the last reservation', async () => {
    let now = new Date();
    const desk = await openDesk(undefined, { now: () => now });
    const request = askFor('CL-1');
    desk.signer.tamper = () => Promise.reject(new Error('the token is out'));
    await expect(sign(desk, request)).rejects.toThrow(code('CA_UNAVAILABLE'));
    now = new Date(now.getTime() - 3_600_000);
    await expect(sign(desk, request)).rejects.toThrow(code('CLOCK_WRONG'));
  });
});

describe('H2: an order that lists what may be made', () => {
  const LIST = serialListText(['CL-9', 'CL-1', 'CL-2', 'CL-3', 'CL-1']);
  const serialsSha256 = serialListSha256(LIST);

  it('has the digest of a text in one form', () => {
    expect(LIST).toBe('CL-1\nCL-2\nCL-3\nCL-9\n');
  });

  it('releases its serials, and no others', async () => {
    const desk = await openDesk();
    desk.put({ order: 'PO-2', serialsSha256 });
    writeFileSync(join(desk.sources.folder, 'PO-2.serials'), LIST);
    await release(desk, 'b2', 'PO-2', 'CL-9');
    const evil = release(desk, 'b3', 'PO-2', 'EVIL-0001');
    await expect(evil).rejects.toThrow(code('ORDER_MISMATCH', 'serial'));
    const lower = release(desk, 'b3', 'PO-2', 'cl-9');
    await expect(lower).rejects.toThrow(code('ORDER_MISMATCH', 'serial'));
  });

  it('signs nothing for a released serial that a revision does not list', async () => {
    const desk = await openDesk();
    const list = serialListText(['CL-2', 'CL-3']);
    desk.put({ revision: 2, serialsSha256: serialListSha256(list) });
    writeFileSync(join(desk.sources.folder, 'PO-1.serials'), list);
    await expect(sign(desk)).rejects.toThrow(code('ORDER_MISMATCH', 'serial'));
    await sign(desk, askFor('CL-2'));
  });

  it.each([
    ['missing', undefined],
    ['longer', `${LIST}EVIL-0001\n`],
  ])('is refused while its list is %s', async (_what, text) => {
    const desk = await openDesk();
    desk.put({ order: 'PO-2', serialsSha256 });
    if (text !== undefined) writeFileSync(join(desk.sources.folder, 'PO-2.serials'), text);
    await expect(release(desk, 'b2', 'PO-2', 'CL-9')).rejects.toThrow(code('ORDER_INVALID', 'serials'));
    writeFileSync(join(desk.sources.folder, 'PO-2.serials'), LIST);
    await release(desk, 'b2', 'PO-2', 'CL-9');
  });

  it('is for the profiles that it names', async () => {
    const desk = await openDesk();
    desk.put({ revision: 2, profiles: { sensor: profileSha256({ ...PROFILE, organization: 'evil' }) } });
    await expect(sign(desk)).rejects.toThrow(code('ORDER_MISMATCH', 'profile'));
    desk.put({ revision: 3, profiles: { sensor: profileSha256(PROFILE) } });
    await sign(desk);
  });
});

describe('H6: an order for another signer', () => {
  const OWN = 'certline-audit-00112233aabbccdd';
  const STRICT: OrderTerms = { signerNames: [OWN, 'ab'.repeat(32)], isStrict: false };

  it.each(['certline-audit-ffffffffffffffff', 'cd'.repeat(32)])('is refused: %s', async (signer) => {
    const desk = await openDesk(STRICT);
    desk.put({ order: 'PO-2', signer });
    await expect(release(desk, 'b2', 'PO-2', 'CL-9')).rejects.toThrow(code('ORDER_MISMATCH', 'signer'));
  });

  it.each([OWN, 'ab'.repeat(32)])('is accepted where it is this one: %s', async (signer) => {
    const desk = await openDesk(STRICT);
    desk.put({ order: 'PO-2', signer });
    await release(desk, 'b2', 'PO-2', 'CL-9');
    expect(await desk.ledger.orders.orderStanding('PO-2')).toMatchObject({ released: 1, signer });
  });

  it('must be named, with serials or a manifest, where the configuration says so', async () => {
    const terms = { ...STRICT, isStrict: false };
    const desk = await openDesk(terms);
    terms.isStrict = true;
    for (const changes of [{}, { signer: OWN }, { manifestSha256: 'cd'.repeat(32) }]) {
      desk.put({ order: 'PO-2', ...changes });
      await expect(release(desk, 'b2', 'PO-2', 'CL-9')).rejects.toThrow(code('ORDER_MISMATCH', 'incomplete'));
    }
    desk.put({ order: 'PO-2', signer: OWN, manifestSha256: 'cd'.repeat(32) });
    await release(desk, 'b2', 'PO-2', 'CL-9');
  });
});
