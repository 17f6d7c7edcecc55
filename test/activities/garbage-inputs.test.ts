import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClaimActivities } from '../../activities/claim-activities.ts';
import { fitInput } from '../../activities/fit-input.ts';
import type { InputSchema } from '../../activities/fit-input.ts';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { REGISTRY_INPUTS } from '../../activities/registry-inputs.ts';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { SIGNER_INPUTS } from '../../activities/signer-inputs.ts';
import { createStationActivities } from '../../activities/station-activities.ts';
import { STATION_INPUTS } from '../../activities/station-inputs.ts';
import { STEPS } from '../../provisioning/step.ts';
import { UnitPassage } from '../../workflows/unit/unit-passage.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { startBench } from '../fixtures/station/bench.ts';
import { openDesk, PERMIT_KEY } from '../pki/signing/desk.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { registryParts } from './trust.ts';

const unit = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor', attempt: 1 };
const attempt = { batchId: 'b1', serial: 'CL-1', attempt: 1 };
const claim = { stationId: 'st-1', socket: '1', boardId: 'beef' };
const AT = '2026-01-01T00:00:00.000Z';
const decision = { verdict: 'skip', detail: '1', reason: 'why', by: 'who', decidedAt: AT };
const pass = { stationId: 'st-1', attempt: 1, verifiedAt: AT, proven: 'read-back', signature: 'AA==' };
const permit = { signature: 'AA==', boardId: 'beef', replaces: ['ab'], renews: 'cd', madeAt: AT };
const rows = [{ serial: 'CL-1', product: 'sensor', boardId: 'beef', outcome: 'HOLD', attempt: 1 }];
const seen = [{ log: 'certline-audit-0123456789abcdef', size: 1, hash: 'ab' }];
const batch = { batchId: 'b1', order: 'PO-1', manifestSha256: 'ab', quantity: 3, signed: 'AA==', seen };
const failure = {
  step: 'flashCredentials',
  code: 'BOARD_GONE',
  message: 'gone',
  claim,
  startedAt: AT,
};
const rework = {
  reworkId: 'RW-1',
  kind: 'renew',
  reason: 'why',
  by: 'who',
  askedAt: AT,
  order: 'PO-1',
  serials: ['CL-1'],
  signed: 'AA==',
};
const asked = { boardId: 'beef', stationId: 'st-1', certificate: 'AA==' };
const boardCertificate = { boardId: 'beef', certificate: 'AA==' };
const certificate = { requestId: 'r', serial: 'CL-1', attempt: 1, spkiSha256: 'ab', ...asked };
const certificates = [certificate];
const delivery = { unit, claim, certificate: 'AA==', spkiSha256: 'ab' };

/** An input of each activity with every member that it may have. */
const WHOLE: Readonly<Record<string, object>> = {
  signCertificate: {
    requestId: 'r',
    unit,
    claim,
    csr: 'AA==',
    spkiSha256: 'ab',
    signed: { at: 'now', signature: 'AA==' },
    permit,
  },
  activateCertificates: { passes: [{ requestId: 'r', pass }] },
  unfinishedCertificates: { batchId: 'b1', serial: 'CL-1', after: 1, withCertificates: true },
  revokeCertificate: { unit, reason: 'why', ended: { spkiSha256: 'ab', signature: 'AA==' } },
  releaseUnits: { ...batch, units: rows },
  releaseAttempts: {
    ...batch,
    run: 'b1/supplement-1',
    units: [{ serial: 'CL-1', product: 'sensor', boardId: 'beef', attempt: 1 }],
    reason: 'why',
    by: 'who',
  },
  permitAttempt: { unit: { ...unit, boardId: 'beef' }, release: { signature: 'AA==', at: AT } },
  recallCertificate: { batchId: 'b1', serial: 'CL-1' },
  returnUnits: {
    batchId: 'b1',
    serials: ['CL-1'],
    supplements: 0,
    signed: 'AA==',
    reason: 'why',
    by: 'who',
  },
  releaseRework: { ...rework, units: [{ serial: 'CL-1', product: 'sensor', order: 'PO-1' }] },
  endRework: { reworkId: 'RW-1', serial: 'CL-1', attempt: 1, revokesActive: true },
  askOrder: {
    batchId: 'b1',
    order: 'PO-1',
    manifestSha256: 'ab',
    quantity: 1,
    products: ['sensor'],
    open: [{ batchId: 'b2', quantity: 1 }],
    units: [{ serial: 'CL-1', product: 'sensor' }],
  },
  registerDevice: {
    unit,
    claim,
    signed: {
      certificate: 'AA==',
      certificateSerial: '01',
      fingerprint: 'ab',
      notBefore: 'now',
      notAfter: 'then',
      checkpoint: 'note',
    },
    spkiSha256: 'ab',
    startedAt: AT,
    verified: { verifiedAt: AT, evidence: { keyBytes: 121, spkiSha256: 'ab' }, pass },
    rework: { reworkId: 'RW-1', supersedesAttempt: 1 },
    steps: { generateKeypair: AT },
  },
  recordFailure: { unit, ...failure, outcome: 'HOLD', decision, spkiSha256: 'ab', boardCertificate },
  recordDecision: { ...attempt, decision },
  recordBatchDecision: { batchId: 'b1', decision },
  recordRefusal: { batchId: 'b1', units: rows, code: 'ORDER_EXPIRED' },
  recordTermination: { batchId: 'b1', serial: 'CL-1', certificate },
  recordRejectedBoard: {
    ...claim,
    code: 'BOARD_WRONG_PRODUCT',
    message: 'wrong',
    serial: 'CL-1',
    seenAt: AT,
  },
  recallUnit: { batchId: 'b1', serial: 'CL-1', endedKey: 'ab', boardCertificate },
  loadChunk: { batchId: 'b1', supplement: 1, chunk: 1 },
  releaseAttempt: { unit: { ...unit, boardId: 'beef' } },
  openSupplement: {
    batchId: 'b1',
    number: 1,
    choice: { serials: ['CL-1'], codes: ['BOARD_GONE'], scrapped: true },
    decision,
  },
  judgeCertificates: { batchId: 'b1', supplement: 1, certificates, isOver: true },
  openRework: rework,
  refuseRework: { reworkId: 'RW-1', code: 'ORDER_EXPIRED', message: 'expired' },
  recordWipe: { reworkId: 'RW-1', unit },
  recordReworkFailure: { reworkId: 'RW-1', unit, failure, boardCertificate },
  endReworkUnit: {
    reworkId: 'RW-1',
    unit,
    result: 'ended',
    outcome: { outcome: 'HOLD', code: 'CANCELLED' },
    failure,
    decision,
    boardCertificate,
  },
  recallReworkUnit: { reworkId: 'RW-1', unit },
  rewriteResult: { batchId: 'b1' },
  neverBegun: { batchId: 'b1', after: 0 },
  freeUnits: { batchId: 'b1', serials: ['CL-1'] },
  closeBatch: { batchId: 'b1', supplement: 1, cancelled: true, recovered: true, closed: true },
  generateKeypair: { unit, permit, boardId: 'beef' },
  requestRenewal: { unit, permit, boardId: 'beef', spkiSha256: 'ab' },
  wipeBoard: { unit, permit, boardId: 'beef' },
  flashCredentials: delivery,
  verifyReadback: delivery,
  releaseSocket: { unit, claim, code: 'BOARD_GONE' },
  recallProof: { unit, boardId: 'beef' },
};

const SCHEMAS: Readonly<Record<string, InputSchema<unknown>>> = {
  ...SIGNER_INPUTS,
  ...REGISTRY_INPUTS,
  ...STATION_INPUTS,
};

type Path = readonly (string | number)[];

/** Every place in a value, the value itself first. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value))
    return value.map((each, at) => (at === Number(first) ? replaced(each, rest, by) : each));
  const known = value as Record<string, unknown>;
  return { ...known, [first]: replaced(known[first], rest, by) };
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);

/** No place takes any of these: they are of the wrong type, or beyond all bounds. */
const RUBBISH: readonly unknown[] = [
  null,
  Number.NaN,
  Infinity,
  1e300,
  -1,
  1.5,
  'x'.repeat(20_000),
  [],
  [null],
  {},
  { __proto__: null, toString: 1 },
  Array.from({ length: 10_001 }, () => 'x'),
];

const isSameKind = (one: unknown, other: unknown): boolean =>
  typeof one === typeof other && Array.isArray(one) === Array.isArray(other) && one !== null;

/** What a place does not take, whatever else the input says. */
function rubbishFor(value: unknown): unknown[] {
  if (typeof value === 'number') return [...RUBBISH, '1', '', true];
  if (typeof value === 'string') return [...RUBBISH, 7, true];
  if (typeof value === 'boolean') return [...RUBBISH, 'true', 1];
  // An empty list or object may fit.
  return [...RUBBISH.filter((each) => !isSameKind(each, value)), 7, 'x'];
}

/** Inputs of this activity that are wrong in one place, or have one member too many. */
function broken(name: string): fc.Arbitrary<unknown> {
  const whole = WHOLE[name]!;
  const places = placesIn(whole).filter((path) => !isFree(path));
  const objects = places.filter((path) => {
    const value = valueAt(whole, path);
    return typeof value === 'object' && !Array.isArray(value);
  });
  const wrong = fc
    .constantFrom(...places)
    .chain((path) =>
      fc.constantFrom(...rubbishFor(valueAt(whole, path))).map((by) => replaced(whole, path, by)),
    );
  const extra = fc.constantFrom(...objects).map((path) => replaced(whole, [...path, 'isAdmin'], true));
  return fc.oneof({ weight: 6, arbitrary: wrong }, { weight: 2, arbitrary: extra }, fc.anything());
}

/** Facts of the station's own, of any name. */
const isFree = (path: Path): boolean => path.includes('evidence');

/** Another station may be of the version that sent the task. */
const CLAIMS = new Set(['generateKeypair', 'requestRenewal', 'wipeBoard']);

type Activities = Readonly<Record<string, (input: never) => Promise<unknown>>>;

/** Each activity is asked as the workflow that it listens to. */
const CALLERS = ['unit/CL-1', 'batch/b1', 'rework/RW-1'];

async function refusesAll(activities: Activities, name: string): Promise<void> {
  const ask = (input: unknown, caller: string) =>
    asActivity(() => activities[name]!(input as never), Date.now(), caller);
  const refused = { type: 'REQUEST_INVALID', nonRetryable: !CLAIMS.has(name) };
  await fc.assert(
    fc.asyncProperty(broken(name), fc.constantFrom(...CALLERS), async (input, caller) => {
      await expect(ask(input, caller)).rejects.toMatchObject(refused);
    }),
    { numRuns: 60 },
  );
}

/** All that a database holds. */
function contentOf(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const content = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${String(name)}"`).all()]);
  database.close();
  return content;
}

describe('an input that is wrong anywhere', () => {
  it.each(Object.keys(SIGNER_INPUTS))(
    'is refused by the signer, and nothing is written: %s',
    async (name) => {
      const { desk, database } = await openDesk();
      const activities = createSignerActivities(desk) as unknown as Activities;
      const before = contentOf(database);
      await refusesAll(activities, name);
      expect(contentOf(database)).toEqual(before);
    },
  );

  it.each(Object.keys(REGISTRY_INPUTS))(
    'is refused by the registry, and nothing is written: %s',
    async (name) => {
      const path = join(temporaryFolder(), 'registry.db');
      const registry = openRegistryFile(path);
      const newBatch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab' };
      await registry.importBatch({ ...newBatch, quantity: 1 }, oneRow());
      const activities = createRegistryActivities(registryParts(registry, temporaryFolder()));
      const before = contentOf(path);
      await refusesAll(activities as unknown as Activities, name);
      expect(contentOf(path)).toEqual(before);
      await registry.close();
    },
  );

  it('is refused by a station, and no board is touched', async () => {
    const bench = await startBench({ sockets: ['1'] });
    bench.units.isOrchestrated = false;
    bench.line.insertBoard('st', '1');
    await bench.ready('1');
    const key = ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st');
    const parts = { station: bench.station, key, signers: [PERMIT_KEY.verifier] };
    const activities = {
      ...createClaimActivities(parts, 'boards/node'),
      ...createStationActivities(bench.station, key),
    } as unknown as Activities;
    for (const name of Object.keys(STATION_INPUTS)) await refusesAll(activities, name);
    await bench.ready('1');
    await bench.end();
  });
});

async function* oneRow() {
  yield { serial: 'CL-1', product: 'sensor', attrs: {} };
}

describe('an input that is right', () => {
  it.each(Object.keys(SCHEMAS))('is taken with every member that it may have: %s', (name) => {
    expect(fitInput(SCHEMAS[name]!, WHOLE[name])).toEqual(WHOLE[name]);
  });

  it('is what the workflow of a unit sends on its way', () => {
    const passage = new UnitPassage(
      { batchId: 'b1', order: 'PO-1', unit: { serial: 'CL-1', product: 'sensor' }, permit },
      () => undefined,
    );
    for (const step of STEPS) passage.begin(step);
    const signed = { at: 'now', signature: 'AA==' };
    passage.keypair = { ...claim, csr: 'AA==', spkiSha256: 'ab', startedAt: AT, signed };
    const times = { notBefore: 'now', notAfter: 'then' };
    passage.signed = { certificate: 'AA==', certificateSerial: '01', fingerprint: 'ab', ...times };
    passage.prove({ verifiedAt: AT, evidence: { keyBytes: 121 } });
    const sent = {
      signCertificate: passage.signRequest(),
      flashCredentials: passage.delivery(),
      registerDevice: passage.registration(),
      releaseAttempt: { unit: passage.permitTerms },
    };
    for (const [name, input] of Object.entries(sent)) {
      const travelled: unknown = JSON.parse(JSON.stringify(input));
      expect(fitInput(SCHEMAS[name]!, travelled)).toEqual(travelled);
    }
  });

  it('is each that workflows of an earlier version sent, where it can still be done', () => {
    const folder = join(import.meta.dirname, '../workflows/histories');
    let inputs = 0;
    for (const name of readdirSync(folder)) {
      const { events } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { events: Event[] };
      for (const { activityTaskScheduledEventAttributes: task } of events) {
        if (task === undefined || !STILL_DONE.has(task.activityType.name)) continue;
        const data = Buffer.from(task.input.payloads[0].data, 'base64').toString();
        fitInput(SCHEMAS[task.activityType.name]!, JSON.parse(data));
        inputs += 1;
      }
    }
    expect(inputs).toBeGreaterThan(6);
  });

  it('may have a reason of any form, as decisions of earlier versions had', () => {
    const input = { ...WHOLE['recordFailure'], reason: { why: ['x'.repeat(5_000)] } };
    const { reason } = fitInput(REGISTRY_INPUTS.recordFailure, input) as { reason: string };
    expect(reason).toMatch(/^\{"why":\["x+$/);
    expect(reason).toHaveLength(500);
  });
});

/** The others need what only later versions say: signatures and digests. */
const STILL_DONE = new Set([
  'loadChunk',
  'activateCertificates',
  'closeBatch',
  'releaseSocket',
  'recordFailure',
]);

interface Event {
  readonly activityTaskScheduledEventAttributes?: {
    readonly activityType: { readonly name: string };
    readonly input: { readonly payloads: readonly [{ readonly data: string }] };
  };
}
