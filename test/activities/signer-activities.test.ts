import { describe, expect, it } from 'vitest';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import type { SigningRequest } from '../../pki/signing/signing-desk.ts';
import type { SignCertificateInput, SignedCertificate } from '../../provisioning/signing.ts';
import { askFor, openDesk } from '../pki/signing/desk.ts';
import type { Desk } from '../pki/signing/desk.ts';
import { asActivity } from '../signer-load/as-activity.ts';

/** A request as it comes from a workflow. */
function inputOf({ statement, signature = '', csr }: SigningRequest): SignCertificateInput {
  const { requestId, stationId, boardId, spkiSha256, permit, at, ...unit } = statement;
  const claim = { stationId, socket: '1', boardId };
  return {
    requestId,
    unit,
    claim,
    csr: Buffer.from(csr).toString('base64'),
    spkiSha256,
    signed: { at, signature },
    ...(permit && { permit }),
  };
}

async function newSigner(): Promise<
  Desk & { readonly sign: (input: SignCertificateInput, askedAt?: number) => Promise<SignedCertificate> }
> {
  const opened = await openDesk();
  const activities = createSignerActivities(opened.desk);
  return {
    ...opened,
    sign: (input, askedAt) => asActivity(() => activities.signCertificate(input), askedAt),
  };
}

const type = (code: string): unknown => expect.objectContaining({ type: code, nonRetryable: true });

describe('signCertificate', () => {
  it('refuses what no station signed', async () => {
    const { sign, signer } = await newSigner();
    const { signed: _none, ...input } = inputOf(askFor('CL-1'));
    await expect(sign(input as SignCertificateInput)).rejects.toThrow(type('REQUEST_UNSIGNED'));
    expect(signer.signatures).toBe(0);
  });

  it('signs what an enrolled station asks for, and gives the same bytes again', async () => {
    const { sign, signer } = await newSigner();
    const request = inputOf(askFor('CL-1'));
    const first = await sign(request);
    expect(await sign(request)).toEqual(first);
    expect(signer.signatures).toBe(1);
  });

  it('leaves to a person a request signed with a wrong clock, which no repetition sets right', async () => {
    const { sign, signer } = await newSigner();
    const ahead = new Date(Date.now() + 6 * 60_000).toISOString();
    await expect(sign(inputOf(askFor('CL-1', undefined, ahead)))).rejects.toThrow(type('STATION_CLOCK'));
    expect(signer.signatures).toBe(0);
    await sign(inputOf(askFor('CL-1')));
  });

  it("compares the station's clock with the time at which Temporal scheduled the step", async () => {
    const { sign } = await newSigner();
    const hourAgo = Date.now() - 3_600_000;
    const late = inputOf(askFor('CL-1', undefined, new Date(hourAgo).toISOString()));
    await expect(sign(late)).rejects.toThrow(type('STATION_CLOCK'));
    await sign(late, hourAgo);
  });

  it.each([
    ['garbage', { signed: { at: 7 as never, signature: [] as never } }, 'REQUEST_INVALID'],
    ['a signature over another request', { signed: inputOf(askFor('CL-2')).signed }, 'REQUEST_INVALID'],
    ['a CSR that is no text', { csr: 7 as never }, 'REQUEST_INVALID'],
    ['a CSR that is none', { csr: 'AA==' }, 'CSR_REFUSED'],
  ])('refuses a request with %s', async (_name, change, code) => {
    const { sign, signer } = await newSigner();
    await expect(sign({ ...inputOf(askFor('CL-1')), ...change })).rejects.toThrow(type(code));
    expect(signer.signatures).toBe(0);
  });
});

describe('recallCertificate', () => {
  it('says again what was issued and is not yet active, and who asked for it', async () => {
    const { sign, desk, ledger } = await newSigner();
    const activities = createSignerActivities(desk);
    const asked = inputOf(askFor('CL-1'));
    const { batchId } = asked.unit;
    const recalled = async (of: { batchId: string; serial: string }) =>
      await asActivity(() => activities.recallCertificate(of));
    expect(await recalled({ batchId, serial: 'CL-1' })).toEqual({});
    const signed = await sign(asked);
    const { requestId, spkiSha256, claim } = asked;
    expect(await recalled({ batchId, serial: 'CL-1' })).toEqual({
      issued: {
        attempt: 1,
        requestId,
        spkiSha256,
        boardId: claim.boardId,
        stationId: claim.stationId,
        signed: { ...signed, checkpoint: expect.any(String) as string },
      },
    });
    expect(await recalled({ batchId: 'another', serial: 'CL-1' })).toEqual({});
    await ledger.issuances.activate([requestId]);
    expect(await recalled({ batchId, serial: 'CL-1' })).toEqual({});
  });
});
