import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import { caFolder, caPassphrasePath, intakeKeysPath, permitKeyPath } from '../../line/state-folder.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { INTAKE_KEY, PERMIT_KEY } from './load-station.ts';
import type { BadStations } from './bad-requests.ts';
import { batchStory } from './batch-story.ts';
import { KillPlan } from './kill-plan.ts';
import { LoadLine } from './load-line.ts';
import { killLogPath, recordPlaces } from './load-places.ts';
import { RandomSeries } from './random-series.ts';
import { SignerClient } from './signer-client.ts';

export interface LoadOptions {
  /** Empty; becomes a state folder. */
  readonly folder: string;
  readonly seed: number;
  /** To sign, at least. */
  readonly requests: number;
  readonly unitsPerBatch: number;
  /** 0: the signer lives through all of it. */
  readonly killsEach: number;
  readonly requestsBetweenKills: number;
}

/** What came of a load: what the signer said against all expectation, and how much was asked. */
export interface LoadReport {
  readonly surprises: readonly string[];
  /** Points that were killed less often than wanted. */
  readonly notKilled: readonly string[];
  readonly requests: number;
  readonly refusals: number;
  readonly kills: number;
  readonly passed: number;
  /** Units that passed and whose certificate a person revoked. */
  readonly recalled: number;
}

const BATCHES_AT_ONCE = 2;
const UNITS_AT_ONCE = 8;
const CLERK_EVERY = 30;
/** Requests that got their certificate and are sent again whenever the signer starts again. */
const ASKED_AGAIN = 3;
/** Of the lives: they end whatever the signer is doing. */
const ANY_MOMENT_SHARE = 0.1;
const ANY_MOMENT_MS = 500;
/** Points that are rare may need a longer load; not an endless one. */
const LONGEST = 3;

const PRODUCTS = ['sensor', 'pump'].map((name) => ({
  name,
  organization: 'acme-line-1',
  commonName: '{serial}',
  validity: 'forever',
}));

/** Runs a load against a signer of its own and leaves its records in the folder, the signer down. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { folder, seed, requests, killsEach } = options;
  const startedAt = Date.now();
  await makeState(folder);
  const random = new RandomSeries(seed);
  const plan = new KillPlan({
    ...options,
    logPath: killLogPath(folder),
    random,
    requestsBetween: options.requestsBetweenKills,
  });
  const client = new SignerClient(folder, () => plan.nextDoom());
  const line = new LoadLine(folder, client, CLERK_EVERY);
  client.start();
  try {
    client.onRestart = () => {
      if (random.chance(ANY_MOMENT_SHARE)) setTimeout(() => client.kill(), random.below(ANY_MOMENT_MS));
      return askAgain(line, random);
    };
    for (let station = 1; station <= 4; station++) line.stations.push(await line.enroll(`st-${station}`));
    const bad = await enrollBad(line);
    let batches = 0;
    const isDone = (): boolean =>
      client.signRequests >= requests &&
      (killsEach === 0 || plan.missing().length === 0 || client.signRequests >= LONGEST * requests);
    const next = async (): Promise<void> => {
      while (!isDone()) {
        batches += 1;
        await batchStory({
          line,
          bad,
          number: batches,
          units: options.unitsPerBatch,
          width: UNITS_AT_ONCE,
          seed,
        });
      }
    };
    await Promise.race([Promise.all(Array.from({ length: BATCHES_AT_ONCE }, next)), client.failed.promise]);
    await client.quiet();
    const minutes = Math.ceil((Date.now() - startedAt) / 60_000);
    if (line.slowPasses > 1 + minutes)
      line.surprises.push(`the slow station passed ${line.slowPasses} times in ${minutes} minutes`);
    await line.settleBooks();
    await client.stop();
  } finally {
    client.end();
    await line.registry.close();
  }
  return {
    surprises: line.surprises,
    notKilled: plan.missing(),
    requests: client.signRequests,
    refusals: line.refusals,
    kills: client.kills,
    passed: line.passed.size + line.recalled,
    recalled: line.recalled,
  };
}

/**
 * A CA as `npm start` makes it. The key that encrypts its key takes 0.2 s to compute by design; a signer that starts some
 * hundred times has it in a file that opens faster.
 */
async function makeState(folder: string): Promise<void> {
  await ensureDemoCa(folder);
  const path = join(caFolder(folder), CA_FILES.factoryIcaKey);
  const passphrase = readFileSync(caPassphrasePath(folder), 'utf8').trim();
  const key = createPrivateKey({ key: readFileSync(path), passphrase });
  writeFileSync(path, key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }));
  writeFileSync(recordPlaces(folder).products, JSON.stringify(PRODUCTS));
  const permitKey = PERMIT_KEY.privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(permitKeyPath(folder), permitKey, { mode: 0o600 });
  writeFileSync(intakeKeysPath(folder), `${verifierText(INTAKE_KEY.verifier)}\n`);
}

async function enrollBad(line: LoadLine): Promise<BadStations> {
  const [revoked, stopped] = [await line.enroll('revoked'), await line.enroll('stopped')];
  for (const { stationId } of [revoked, stopped]) {
    const state = stationId === 'revoked' ? 'revoked' : 'stopped';
    line.expectDone(state, await line.client.ask('setStationState', { stationId, state }));
  }
  const [known] = line.stations;
  return {
    revoked,
    stopped,
    unknown: { ...known!, stationId: 'nobody' },
    slow: await line.enroll('slow', 1),
  };
}

async function askAgain(line: LoadLine, random: RandomSeries): Promise<void> {
  const answered = [...line.passed.keys()];
  if (answered.length === 0) return;
  for (let nth = 0; nth < ASKED_AGAIN; nth++) {
    const requestId = random.pick(answered);
    const input = line.passed.get(requestId)!;
    const answer = await line.sign(input);
    if (line.passed.has(requestId)) line.expectDone(`${requestId} after a restart`, answer);
  }
}
