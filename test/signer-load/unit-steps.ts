import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import type { DeviceKey } from '../../pki/keys/device-key.ts';
import type { SignCertificateInput, SignedCertificate } from '../../provisioning/signing.ts';
import type { UnitAttempt, UnitRow } from '../../provisioning/unit.ts';
import type { BadStations } from './bad-requests.ts';
import type { LoadLine } from './load-line.ts';
import type { ReportedPass } from '../../provisioning/pass.ts';
import { signPass } from '../../pki/signing/pass-statement.ts';
import { requestOf } from './load-station.ts';
import type { LoadStation } from './load-station.ts';
import type { RandomSeries } from './random-series.ts';
import type { Answer } from './signer-client.ts';

/** Where units live, and what becomes of those that pass. */
export interface BatchScene {
  readonly line: LoadLine;
  readonly batchId: string;
  readonly order: string;
  readonly bad: BadStations;
  /** Passes that the ledger has yet to hear of. */
  readonly toActivate: ReportedPass[];
  readonly passed: SignCertificateInput[];
}

/** A request that got its certificate. */
export interface Signed {
  readonly input: SignCertificateInput;
  readonly key: DeviceKey;
  readonly certificate: SignedCertificate;
}

const ACTIVATED_AT_ONCE = 8;

/** A unit's attempt, as its workflow names it. */
export function attemptOf(
  { batchId, order }: Pick<BatchScene, 'batchId' | 'order'>,
  { serial, product }: UnitRow,
  attempt: number,
): UnitAttempt {
  return { batchId, order, serial, product, attempt };
}

/** The certificate of a good request, sent once, or again, or several times at once; undefined without reissues left. */
export async function signSomehow(
  { line }: BatchScene,
  where: { readonly unit: UnitAttempt; readonly boardId: string; readonly station?: LoadStation },
  random: RandomSeries,
): Promise<Signed | undefined> {
  const { unit, boardId, station = random.pick(line.stations) } = where;
  const key = generateDeviceKey();
  const input = requestOf(unit, { station, boardId, key });
  const atOnce = random.chance(0.25) ? 2 + random.below(3) : 1;
  const answers = await Promise.all(Array.from({ length: atOnce }, () => line.sign(input)));
  if (random.chance(0.15)) answers.push(await line.sign(input));
  if (new Set(answers.map(outcomeOf)).size > 1) line.surprises.push(`${input.requestId}: two outcomes`);
  const answer = answers[0]!;
  if ('value' in answer) return { input, key, certificate: answer.value };
  if (unit.attempt === 1 || answer.code !== 'QUOTA_EXCEEDED')
    line.surprises.push(`attempt ${unit.attempt} of ${unit.serial}: ${answer.code}`);
  return undefined;
}

function outcomeOf(answer: Answer<SignedCertificate>): string {
  return 'code' in answer ? answer.code : answer.value.fingerprint;
}

/** The registry hears of it at once, the ledger when some have come together. */
export async function pass(scene: BatchScene, { input, certificate }: Signed): Promise<void> {
  const { line, passed, toActivate } = scene;
  const { unit, claim, spkiSha256, signed, requestId } = input;
  const { batchId, serial, attempt } = unit;
  const { stationId, boardId } = claim;
  const { privateKey } = line.stations.find((station) => station.stationId === stationId)!;
  const verifiedAt = new Date().toISOString();
  const facts = { batchId, serial, boardId, spkiSha256, certificateSha256: certificate.fingerprint };
  const said = { stationId, attempt, verifiedAt, proven: 'read-back' } as const;
  const verified = { verifiedAt, evidence: {}, pass: signPass(facts, said, privateKey) };
  const startedAt = signed.at;
  await line.books.registerDevice({ unit, claim, signed: certificate, spkiSha256, startedAt, verified });
  passed.push(input);
  line.passed.set(requestId, input);
  toActivate.push({ requestId, pass: verified.pass });
  if (toActivate.length >= ACTIVATED_AT_ONCE) await activate(scene);
}

/** Tells the ledger of all that passed. */
export async function activate({ line, toActivate }: BatchScene): Promise<void> {
  const passes = toActivate.splice(0);
  if (passes.length === 0) return;
  const refused = line.expectDone('activate', await line.client.ask('activateCertificates', { passes }));
  for (const requestId of refused ?? []) line.surprises.push(`${requestId} cannot be active`);
}

/** The unit ends without a pass, in the order of `giveUp`; what is asked for it later is refused. `asked`: with an answer or without. */
export async function scrap(
  { line }: BatchScene,
  unit: UnitAttempt,
  input: SignCertificateInput | undefined,
  random: RandomSeries,
  asked = input,
): Promise<void> {
  const outcome = random.pick(['FAIL', 'HOLD'] as const);
  await line.books.recordFailure({ unit, step: 'flashCredentials', code: 'SMP_TIMEOUT' });
  const key = asked && { spkiSha256: asked.spkiSha256 };
  const failed = { unit, step: 'flashCredentials', code: 'SMP_TIMEOUT', outcome, ...key } as const;
  const word = (await line.books.recordFailure(failed)) ?? {};
  line.expectDone('withdraw', await line.client.ask('revokeCertificate', { unit, reason: 'skip', ...word }));
  if (input === undefined || !random.chance(0.5)) return;
  line.expectRefused('a withdrawn one', await line.sign(input), 'CERTIFICATE_WITHDRAWN');
  const { boardId } = input.claim;
  const late = requestOf(unit, { station: random.pick(line.stations), boardId });
  line.expectRefused('a withdrawn unit', await line.sign(late), 'CERTIFICATE_WITHDRAWN');
}
