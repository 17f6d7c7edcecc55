import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import type { DeviceKey } from '../../pki/keys/device-key.ts';
import type { SignCertificateInput } from '../../provisioning/signing.ts';
import type { UnitAttempt } from '../../provisioning/unit.ts';
import type { LoadLine } from './load-line.ts';
import { boardNamed, CSR_SUBJECT, requestOf } from './load-station.ts';
import type { LoadStation } from './load-station.ts';
import type { RandomSeries } from './random-series.ts';
import type { Handover } from './signer-messages.ts';

/** Stations whose requests do not count, and why. */
export interface BadStations {
  readonly revoked: LoadStation;
  readonly stopped: LoadStation;
  readonly unknown: LoadStation;
  /** May ask once a minute. */
  readonly slow: LoadStation;
}

/** The place of a bad request: a good unit, of which a request would be signed, and whoever could spoil it. */
export interface BadRequestScene {
  readonly line: LoadLine;
  readonly unit: UnitAttempt;
  readonly boardId: string;
  readonly station: LoadStation;
  readonly bad: BadStations;
  readonly random: RandomSeries;
}

interface BadRequest {
  readonly input: SignCertificateInput;
  readonly handover?: Partial<Handover>;
  readonly codes: readonly string[];
}

/** A station's clock, and the signer's, may be five minutes off. */
const TOO_FAR_MS = 6 * 60_000;

type Spoil = (scene: BadRequestScene) => BadRequest;

const good = ({ unit, boardId, station }: BadRequestScene): SignCertificateInput =>
  requestOf(unit, { station, boardId });

const ofUnit =
  (change: (unit: UnitAttempt, scene: BadRequestScene) => Partial<UnitAttempt>, ...codes: string[]): Spoil =>
  (scene) => {
    const { unit, boardId, station } = scene;
    return { input: requestOf({ ...unit, ...change(unit, scene) }, { station, boardId }), codes };
  };

const ofStation =
  (which: keyof BadStations, ...codes: string[]): Spoil =>
  ({ unit, boardId, bad }) => ({ input: requestOf(unit, { station: bad[which], boardId }), codes });

const ofCsr =
  (spoil: (csr: Uint8Array, random: RandomSeries) => Uint8Array, ...codes: string[]): Spoil =>
  ({ unit, boardId, station, random }) => {
    const key = generateDeviceKey();
    const csr = spoil(key.createCsr(CSR_SUBJECT), random);
    return { input: requestOf(unit, { station, boardId, key, csr }), codes };
  };

const ofClock =
  (clockOffsetMs: number): Spoil =>
  ({ unit, boardId, station }) => ({
    input: requestOf(unit, { station, boardId, clockOffsetMs }),
    codes: ['STATION_CLOCK'],
  });

/** Requests that must be refused, whatever else happens, and change nothing. */
const BAD_REQUESTS: Readonly<Record<string, Spoil>> = {
  'a CSR of garbage': ofCsr(
    ({ length }, random) => Uint8Array.from({ length }, () => random.below(256)),
    'CSR_REFUSED',
  ),
  'a CSR cut short': ofCsr((csr, random) => csr.slice(0, random.below(csr.length)), 'CSR_REFUSED'),
  'a CSR with more behind it': ofCsr((csr) => Uint8Array.of(...csr, 0), 'CSR_REFUSED'),
  'a CSR with a bit flipped': ofCsr((csr, random) => {
    const flipped = Uint8Array.from(csr);
    flipped[random.below(csr.length)]! ^= 1 << random.below(8);
    return flipped;
  }, 'CSR_REFUSED'),
  "another key's CSR": ofCsr(() => generateDeviceKey().createCsr(CSR_SUBJECT), 'REQUEST_INVALID'),
  'a serial in no manifest': ofUnit(({ serial }) => ({ serial: `${serial}-X` }), 'NOT_RELEASED'),
  'a serial that is none': ofUnit(() => ({ serial: '../CL 1' }), 'REQUEST_INVALID'),
  "another batch's serial": ofUnit(({ batchId }) => ({ batchId: `not-${batchId}` }), 'NOT_RELEASED'),
  'another product': ofUnit(() => ({ product: 'pump' }), 'NOT_RELEASED'),
  'a product that is not configured': ofUnit(() => ({ product: 'toaster' }), 'PROFILE_INVALID'),
  'an attempt before the first': ofUnit(() => ({ attempt: 0 }), 'REQUEST_CONFLICT'),
  'an order that is not there': ofUnit(() => ({ order: 'PO-NONE' }), 'ORDER_MISMATCH'),
  'a request id with a line break': ({ unit, boardId, station }) => ({
    input: requestOf(unit, { station, boardId, requestId: 'a\nb' }),
    codes: ['REQUEST_CONFLICT'],
  }),
  'an unsigned request': (scene) => ({
    input: { ...good(scene), signed: undefined as never },
    codes: ['REQUEST_UNSIGNED'],
  }),
  "another request's signature": (scene) => ({
    input: { ...good(scene), signed: good(scene).signed },
    codes: ['REQUEST_INVALID'],
  }),
  'a board that the station did not sign for': (scene) => {
    const input = good(scene);
    return {
      input: { ...input, claim: { ...input.claim, boardId: boardNamed('stolen') } },
      codes: ['REQUEST_INVALID'],
    };
  },
  'a signature from ten minutes ago': ofClock(-10 * 60_000),
  'a signature from the future': ofClock(TOO_FAR_MS),
  'a request handed over long after it was signed': (scene) => ({
    input: good(scene),
    handover: { askedAtMs: Date.now() + TOO_FAR_MS },
    codes: ['STATION_CLOCK'],
  }),
  'a signer whose clock went back': (scene) => ({
    input: good(scene),
    handover: { clockOffsetMs: -2 * TOO_FAR_MS },
    codes: ['CLOCK_WRONG'],
  }),
  'a revoked station': ofStation('revoked', 'STATION_REVOKED'),
  'a stopped station': ofStation('stopped', 'STATION_STOPPED'),
  'a station that nobody enrolled': ofStation('unknown', 'STATION_UNKNOWN'),
};

const NAMES = Object.keys(BAD_REQUESTS);

/** Sends some bad requests at once. */
export async function sendBadRequests(scene: BadRequestScene): Promise<void> {
  const names = Array.from({ length: 1 + scene.random.below(3) }, () => scene.random.pick(NAMES));
  await Promise.all(
    names.map(async (name) => {
      const { input, handover, codes } = BAD_REQUESTS[name]!(scene);
      scene.line.expectRefused(name, await scene.line.sign(input, handover), ...codes);
    }),
  );
}

/** More requests than a station may make. */
export async function overask({ line, unit, boardId, bad }: BadRequestScene): Promise<void> {
  const serial = `${unit.serial}-X`;
  const inputs = Array.from({ length: 3 }, () =>
    requestOf({ ...unit, serial }, { station: bad.slow, boardId }),
  );
  const answers = await Promise.all(inputs.map((input) => line.sign(input)));
  for (const answer of answers) {
    line.expectRefused('a station that asks too often', answer, 'STATION_RATE', 'NOT_RELEASED');
    if ('code' in answer && answer.code === 'NOT_RELEASED') line.slowPasses += 1;
  }
}

/** A key that was certified comes again, for another serial, from a station that is stopped for it. */
export async function sendKeyAgain(
  { line, unit, boardId, random }: BadRequestScene,
  key: DeviceKey,
): Promise<void> {
  const station = await line.enroll(`clone-${key.spkiSha256.slice(0, 12)}`);
  const again = await line.sign(requestOf(unit, { station, boardId, key }));
  // Killed between the stop and the answer, the station is told of the stop.
  line.expectRefused('a key that comes twice', again, 'KEY_REUSED', 'STATION_STOPPED');
  const after = await line.sign(requestOf(unit, { station, boardId }));
  line.expectRefused('a station whose key came twice', after, 'STATION_STOPPED');
  const { stationId } = station;
  const state = random.pick(['enrolled', 'revoked'] as const);
  line.expectDone(state, await line.client.ask('setStationState', { stationId, state }));
}
