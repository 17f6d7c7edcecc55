import { generateDeviceKey, type DeviceKey } from '../../pki/device-key.ts';
import type { SignCertificateInput, SignedCertificate } from '../../provisioning/steps-io.ts';
import type { UnitAttempt, UnitRow } from '../../provisioning/unit.ts';
import {
  overask,
  sendBadRequests,
  sendKeyAgain,
  type BadRequestScene,
  type BadStations,
} from './bad-requests.ts';
import { boardNamed, type LoadLine } from './load-line.ts';
import type { RandomSeries } from './random-series.ts';
import type { Answer } from './signer-client.ts';

/** Where units live, and what becomes of those that pass. */
export interface BatchScene {
  readonly line: LoadLine;
  readonly batchId: string;
  readonly order: string;
  readonly bad: BadStations;
  /** Request ids that the ledger has yet to hear of. */
  readonly toActivate: string[];
  readonly passed: SignCertificateInput[];
}

interface Signed {
  readonly input: SignCertificateInput;
  readonly key: DeviceKey;
  readonly certificate: SignedCertificate;
}

const ATTEMPTS_AT_MOST = 4;
const ACTIVATED_AT_ONCE = 8;

/**
 * One unit on its way, from its first request to PASS, or to FAIL or HOLD with nothing live behind it: good requests once,
 * again or several at once, new attempts, bad requests between them, holds and withdrawals.
 */
export async function unitStory(scene: BatchScene, row: UnitRow, random: RandomSeries): Promise<void> {
  const { line } = scene;
  if (random.chance(0.04)) return await raceOfAttempts(scene, row, random);
  if (random.chance(0.04)) return await withdrawnWhileSigning(scene, row, random);
  for (let attempt = 1; ; attempt++) {
    const unit = attemptOf(scene, row, attempt);
    const boardId = row.boardId ?? boardNamed(`${row.serial}/${random.chance(0.7) ? 1 : attempt}`);
    await disturb({ ...scene, unit, boardId, station: random.pick(line.stations), random });
    const signed = await signSomehow(scene, { unit, boardId }, random);
    if (signed === undefined) return await scrap(scene, unit, undefined, random);
    await askOtherwise(scene, signed, random);
    const fate = random.next();
    if (fate < 0.05) await holdForAWhile(line, signed);
    if (fate < 0.75) return await pass(scene, signed);
    if (fate > 0.93 || attempt === ATTEMPTS_AT_MOST) return await scrap(scene, unit, signed.input, random);
    if (fate < 0.8) await revokeByHand(line, signed, random);
  }
}

/** Two serials that ask for one board: the second has overwritten the first, which needs another board. */
export async function boardTaken(
  scene: BatchScene,
  [first, second]: readonly [UnitRow, UnitRow],
  random: RandomSeries,
): Promise<void> {
  const boardId = boardNamed(`${first.serial}+${second.serial}`);
  const before = await signSomehow(scene, { unit: attemptOf(scene, first, 1), boardId }, random);
  const taker = await signSomehow(scene, { unit: attemptOf(scene, second, 1), boardId }, random);
  if (before === undefined || taker === undefined) {
    scene.line.surprises.push(`${first.serial} and ${second.serial} were not signed`);
    return;
  }
  scene.line.expectRefused(
    'a board that was taken',
    await scene.line.sign(before.input),
    'CERTIFICATE_WITHDRAWN',
  );
  await pass(scene, taker);
  const again = attemptOf(scene, first, 2);
  const moved = await signSomehow(scene, { unit: again, boardId: boardNamed(first.serial) }, random);
  await (moved === undefined ? scrap(scene, again, before.input, random) : pass(scene, moved));
}

export function attemptOf(
  { batchId, order }: Pick<BatchScene, 'batchId' | 'order'>,
  { serial, product }: UnitRow,
  attempt: number,
): UnitAttempt {
  return { batchId, order, serial, product, attempt };
}

async function disturb(scene: BadRequestScene): Promise<void> {
  const { line, random } = scene;
  // A ledger that never signed cannot tell that its clock went back.
  if (line.passed.size === 0) return;
  if (random.chance(0.3)) await sendBadRequests(scene);
  if (random.chance(0.02)) await overask(scene);
}

/** The certificate of a good request, sent once, or again, or several times at once; undefined without reissues left. */
async function signSomehow(
  { line }: BatchScene,
  { unit, boardId }: { readonly unit: UnitAttempt; readonly boardId: string },
  random: RandomSeries,
): Promise<Signed | undefined> {
  const key = generateDeviceKey();
  const input = line.request(unit, { station: random.pick(line.stations), boardId, key });
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

/** Requests beside a signed one: the same id with other contents, an attempt that is over, the key for another serial. */
async function askOtherwise(scene: BatchScene, { input, key }: Signed, random: RandomSeries): Promise<void> {
  const { line, passed } = scene;
  const { unit, claim, requestId } = input;
  const [station, boardId] = [random.pick(line.stations), claim.boardId];
  if (random.chance(0.1)) {
    const other = line.request(unit, { station, boardId, requestId });
    line.expectRefused('other contents', await line.sign(other), 'REQUEST_CONFLICT');
  }
  if (random.chance(0.1)) {
    const attempt = 1 + random.below(unit.attempt);
    const late = line.request({ ...unit, attempt }, { station, boardId });
    line.expectRefused('an attempt that is over', await line.sign(late), 'ALREADY_ISSUED');
  }
  if (passed.length === 0 || !random.chance(0.06)) return;
  const other = random.pick(passed);
  const victim = { ...other.unit, attempt: 99 };
  await sendKeyAgain({ ...scene, unit: victim, boardId: other.claim.boardId, station, random }, key);
}

async function holdForAWhile(line: LoadLine, { input }: Signed): Promise<void> {
  const { requestId } = input;
  line.expectDone('hold', await line.client.ask('hold', { requestId }));
  line.expectDone('end of hold', await line.client.ask('endHold', { requestId }));
}

async function revokeByHand(line: LoadLine, { input }: Signed, random: RandomSeries): Promise<void> {
  const reason = random.pick(['keyCompromise', 'superseded', 'cessationOfOperation'] as const);
  const { requestId } = input;
  line.expectDone('revoke', await line.client.ask('revokeByHand', { requestId, reason }));
  line.expectRefused('a revoked one', await line.sign(input), 'CERTIFICATE_WITHDRAWN');
}

/** The registry hears of it at once, the ledger when some have come together. */
async function pass(scene: BatchScene, { input, certificate }: Signed): Promise<void> {
  const { line, passed, toActivate } = scene;
  const { unit, claim, spkiSha256, signed, requestId } = input;
  const verified = { verifiedAt: new Date().toISOString(), evidence: {} };
  const startedAt = signed.at;
  await line.books.registerDevice({ unit, claim, signed: certificate, spkiSha256, startedAt, verified });
  passed.push(input);
  line.passed.set(requestId, input);
  toActivate.push(requestId);
  if (toActivate.length >= ACTIVATED_AT_ONCE) await activate(scene);
}

/** Tells the ledger of all that passed. */
export async function activate({ line, toActivate }: BatchScene): Promise<void> {
  const requestIds = toActivate.splice(0);
  if (requestIds.length === 0) return;
  const refused = line.expectDone('activate', await line.client.ask('activateCertificates', { requestIds }));
  for (const requestId of refused ?? []) line.surprises.push(`${requestId} cannot be active`);
}

/** The unit ends without a pass, in the order of `giveUp`; what is asked for it later is refused. */
async function scrap(
  { line }: BatchScene,
  unit: UnitAttempt,
  input: SignCertificateInput | undefined,
  random: RandomSeries,
): Promise<void> {
  const outcome = random.pick(['FAIL', 'HOLD'] as const);
  await line.books.recordFailure({ unit, step: 'flashCredentials', code: 'SMP_TIMEOUT', outcome });
  line.expectDone('withdraw', await line.client.ask('revokeCertificate', { unit, reason: 'skip' }));
  if (input === undefined || !random.chance(0.5)) return;
  line.expectRefused('a withdrawn one', await line.sign(input), 'CERTIFICATE_WITHDRAWN');
  const { boardId } = input.claim;
  const late = line.request(unit, { station: random.pick(line.stations), boardId });
  line.expectRefused('a withdrawn unit', await line.sign(late), 'CERTIFICATE_WITHDRAWN');
}

/** Three attempts of one serial at once, each with its key: whatever becomes of two of them, the last one counts. */
async function raceOfAttempts(scene: BatchScene, row: UnitRow, random: RandomSeries): Promise<void> {
  const { line } = scene;
  const inputs = [1, 2, 3].map((attempt) =>
    line.request(attemptOf(scene, row, attempt), {
      station: random.pick(line.stations),
      boardId: row.boardId ?? boardNamed(`${row.serial}/${attempt}`),
    }),
  );
  const answers = await Promise.all(inputs.map((input) => line.sign(input)));
  for (const answer of answers.slice(0, -1)) {
    if ('value' in answer) continue;
    const lost = ['ALREADY_ISSUED', 'CERTIFICATE_WITHDRAWN', 'QUOTA_EXCEEDED'];
    line.expectRefused('a lost race', answer, ...lost);
  }
  const last = answers.at(-1)!;
  const input = inputs.at(-1)!;
  if ('value' in last) return await pass(scene, { input, key: generateDeviceKey(), certificate: last.value });
  line.expectRefused('the last of a race', last, 'QUOTA_EXCEEDED');
  await scrap(scene, input.unit, undefined, random);
}

/** The unit is given up while its certificate is being signed. */
async function withdrawnWhileSigning(scene: BatchScene, row: UnitRow, random: RandomSeries): Promise<void> {
  const { line } = scene;
  const unit = attemptOf(scene, row, 1);
  const boardId = row.boardId ?? boardNamed(row.serial);
  const input = line.request(unit, { station: random.pick(line.stations), boardId });
  const [answer] = await Promise.all([line.sign(input), scrap(scene, unit, undefined, random)]);
  if ('code' in answer) line.expectRefused('withdrawn meanwhile', answer, 'CERTIFICATE_WITHDRAWN');
  line.expectRefused('withdrawn for good', await line.sign(input), 'CERTIFICATE_WITHDRAWN');
}
