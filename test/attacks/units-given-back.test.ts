// H5: what is asked of the signer about units that have ended: that they are given back, or that they run again.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { signFurther, signReturn } from '../../pki/signing/intake-statements.ts';
import type { FurtherStatement, ReturnStatement } from '../../pki/signing/intake-statements.ts';
import { ensureRoleKey } from '../../pki/keys/station-key.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { INTAKE, registryParts } from '../activities/trust.ts';
import { askFor, openDesk, passOf } from '../pki/signing/desk.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const stranger = ensureRoleKey(join(temporaryFolder(), 'stranger.key.pem'), 'intake');
const UNSIGNED = expect.objectContaining({ type: 'RELEASE_UNSIGNED', nonRetryable: true }) as Error;
const RETURN: ReturnStatement = { batchId: 'b1', serials: ['CL-2', 'CL-3'], supplements: 0 };
const FURTHER: FurtherStatement = {
  batchId: 'b1',
  order: 'PO-1',
  manifestSha256: 'ab'.repeat(32),
  quantity: 3,
  run: 'b1/supplement-1',
  units: [{ serial: 'CL-1', product: 'sensor', attempt: 1 }],
};

async function signer() {
  const { desk, ledger } = await openDesk();
  const activities = createSignerActivities(desk);
  const released = async () => (await ledger.orders.orderStanding('PO-1'))!.released;
  return {
    desk,
    ledger,
    released,
    give: (input: object) => asActivity(() => activities.returnUnits(input as never)),
    runAgain: (input: object) => asActivity(() => activities.releaseAttempts(input as never)),
  };
}

const returned = (units = RETURN, key = INTAKE.privateKey) => ({ ...units, signed: signReturn(units, key) });
const further = (terms = FURTHER, key = INTAKE.privateKey) => ({ ...terms, signed: signFurther(terms, key) });

describe('units that a stranger gives back to their order', () => {
  it.each<[string, object]>([
    ['without a signature', RETURN],
    ['with his own', returned(RETURN, stranger.privateKey)],
    ['with that of others', { ...returned(), serials: ['CL-1'] }],
    ['with that of fewer', { ...returned({ ...RETURN, serials: ['CL-2'] }), serials: RETURN.serials }],
    ['with that of another batch', { ...returned({ ...RETURN, batchId: 'b2' }), batchId: 'b1' }],
    ['with that of an earlier time', { ...returned(), supplements: 1 }],
  ])('stay, %s', async (_how, input) => {
    const { give, released } = await signer();
    await expect(give(input)).rejects.toThrow(UNSIGNED);
    expect(await released()).toBe(3);
  });

  it('are given back by the word of the intake, once', async () => {
    const { give, released } = await signer();
    expect(await give(returned())).toEqual([]);
    expect(await give(returned())).toEqual([]);
    expect(await released()).toBe(1);
  });

  it('stay where they run again since: the word of before cannot be sent again', async () => {
    const { desk, give, runAgain, released } = await signer();
    await give(returned());
    const units = [{ serial: 'CL-2', product: 'sensor', attempt: 0 }];
    await runAgain(further({ ...FURTHER, units }));
    expect(await give(returned())).toEqual(['CL-2']);
    expect(await released()).toBe(2);
    const now = new Date();
    await desk.sign(askFor('CL-2'), { askedAt: now, now });
  });

  it('are those that the registry knows as ended and never begun', async () => {
    const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
    const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
    await registry.importBatch({ ...batch, quantity: 3 }, rows());
    const activities = createRegistryActivities(registryParts(registry, temporaryFolder()));
    const ask = (workflowId: string) =>
      asActivity(() => activities.neverBegun({ batchId: 'b1', after: 0 }), Date.now(), workflowId);
    await expect(ask('evil')).rejects.toMatchObject({ type: 'REGISTRY_CONFLICT' });
    expect(await ask('batch/b1')).toMatchObject({ serials: [] });
    const attempt = { batchId: 'b1', serial: 'CL-3', attempt: 1, step: 'generateKeypair' } as const;
    await registry.recordOutcome({ ...attempt, code: 'CANCELLED', outcome: 'HOLD' });
    const { next: _none, ...word } = await ask('batch/b1');
    expect(word).toMatchObject({ serials: ['CL-3'], supplements: 0 });
    const { give, released } = await signer();
    await give({ batchId: 'b1', ...word, reason: 'wrong file' });
    expect(await released()).toBe(2);
  });
});

async function* rows() {
  for (const serial of ['CL-1', 'CL-2', 'CL-3']) yield { serial, product: 'sensor', attrs: {} };
}

describe('the release of an earlier supplement that is sent again', () => {
  const again = (run: number, serial: string, attempt: number) =>
    further({
      ...FURTHER,
      run: `b1/supplement-${run}`,
      units: [{ serial, product: 'sensor', attempt }],
    });
  const CONFLICT = expect.objectContaining({ type: 'RELEASE_CONFLICT', nonRetryable: true }) as Error;

  it('ends no certificate of a later one, and gives its units back neither', async () => {
    const { desk, ledger, give, runAgain, released } = await signer();
    await runAgain(again(1, 'CL-1', 1));
    expect(await runAgain(again(2, 'CL-1', 2))).toMatchObject([{ attempt: 3 }]);
    const request = askFor('CL-1', undefined, undefined, { attempt: 3 });
    const now = new Date();
    const record = await desk.sign(request, { askedAt: now, now });
    await expect(runAgain(again(1, 'CL-1', 1))).rejects.toThrow(CONFLICT);
    expect(await runAgain(again(2, 'CL-1', 2))).toMatchObject([{ attempt: 3 }]);
    expect(await give(returned({ batchId: 'b1', serials: ['CL-1'], supplements: 1 }))).toEqual(['CL-1']);
    expect(await ledger.issuances.find(request.statement.requestId)).toMatchObject({ state: 'issued' });
    expect(await desk.activate([passOf(request, record)])).toEqual([]);
    expect(await released()).toBe(3);
  });

  it('takes no units again that were given back since', async () => {
    const { give, runAgain, released } = await signer();
    await give(returned());
    await runAgain(again(1, 'CL-2', 0));
    await give(returned({ ...RETURN, supplements: 1 }));
    expect(await released()).toBe(1);
    await expect(runAgain(again(1, 'CL-2', 0))).rejects.toThrow(CONFLICT);
    expect(await released()).toBe(1);
    // CL-3 was given back without having run again; that was said twice.
    await expect(runAgain(again(1, 'CL-3', 0))).rejects.toThrow(CONFLICT);
    await runAgain(again(2, 'CL-3', 0));
    expect(await released()).toBe(2);
  });
});

describe('a supplement that a stranger made up', () => {
  it.each<[string, object]>([
    ['without a signature', FURTHER],
    ['with his own', further(FURTHER, stranger.privateKey)],
    ['with that of another supplement', { ...further(), run: 'b1/supplement-2' }],
    ['with that of a later attempt', { ...further(), units: [{ ...FURTHER.units[0]!, attempt: 7 }] }],
  ])('ends no certificate that is under way, %s', async (_how, input) => {
    const { desk, ledger, runAgain } = await signer();
    const request = askFor('CL-1');
    const now = new Date();
    await desk.sign(request, { askedAt: now, now });
    await expect(runAgain(input)).rejects.toThrow(UNSIGNED);
    expect(await ledger.issuances.find(request.statement.requestId)).toMatchObject({ state: 'issued' });
    expect((await ledger.orders.orderStanding('PO-1'))!.reissued).toBe(0);
  });

  it('is none with the word for the first run of the batch, which everybody can read', async () => {
    const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
    const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
    await registry.importBatch({ ...batch, quantity: 3 }, rows());
    const activities = createRegistryActivities(registryParts(registry, temporaryFolder()));
    const { signed } = await asActivity(() => activities.loadChunk({ batchId: 'b1', chunk: 1 }));
    const units = ['CL-1', 'CL-2', 'CL-3'].map((serial) => ({ serial, product: 'sensor', attempt: 0 }));
    const { runAgain } = await signer();
    await expect(runAgain({ ...FURTHER, units, signed })).rejects.toThrow(UNSIGNED);
  });

  it('is one that the registry opened', async () => {
    const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
    const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
    await registry.importBatch({ ...batch, quantity: 3 }, rows());
    const attempt = { batchId: 'b1', serial: 'CL-3', attempt: 1, step: 'generateKeypair' } as const;
    await registry.recordOutcome({ ...attempt, code: 'CANCELLED', outcome: 'HOLD' });
    await registry.closeBatch('b1');
    const decision = { verdict: 'rerun', decidedAt: new Date().toISOString() };
    await registry.openSupplement({ batchId: 'b1', number: 1, choice: {}, decision });
    const activities = createRegistryActivities(registryParts(registry, temporaryFolder()));
    const loaded = await asActivity(() => activities.loadChunk({ batchId: 'b1', supplement: 1, chunk: 1 }));
    const { runAgain } = await signer();
    const units = loaded.rows.map(({ serial, product, attempt: last = 0 }) => ({
      serial,
      product,
      attempt: last,
    }));
    const released = await runAgain({ ...FURTHER, units, signed: loaded.signed });
    expect(released).toMatchObject([{ serial: 'CL-3', attempt: 2 }]);
  });
});
