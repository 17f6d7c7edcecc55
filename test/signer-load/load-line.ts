import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { generateDeviceKey, type DeviceKey } from '../../pki/device-key.ts';
import { orderFileName } from '../../pki/order-desk.ts';
import { signOrder, type Order } from '../../pki/order.ts';
import { noteVerifierOf, verifierText } from '../../pki/signed-note.ts';
import { signStatement } from '../../pki/signed-request.ts';
import type {
  RegistryActivities,
  SignCertificateInput,
  SignedCertificate,
} from '../../provisioning/steps-io.ts';
import type { UnitAttempt } from '../../provisioning/unit.ts';
import { signingRequestId } from '../../provisioning/workflow-ids.ts';
import { SqliteRegistry } from '../../registry/sqlite-registry.ts';
import { recordPlaces, type RecordPlaces } from './load-places.ts';
import type { Answer, SignerClient } from './signer-client.ts';
import type { Handover } from './signer-messages.ts';

/** A station as the load plays it: any number of sockets, at no pace of its own. */
export interface LoadStation {
  readonly stationId: string;
  readonly privateKey: KeyObject;
  readonly verifier: string;
}

/** What a request says beside its unit; what is not given is as it should be. */
export interface RequestTerms {
  readonly station: LoadStation;
  readonly boardId: string;
  readonly key?: DeviceKey;
  readonly csr?: Uint8Array;
  readonly requestId?: string;
  /** How far the station's clock is off. */
  readonly clockOffsetMs?: number;
}

const FAST = 1_000_000;
const DAY_MS = 86_400_000;
/** Nothing but the key is taken from a CSR. */
export const CSR_SUBJECT = { serial: 'ANY-SERIAL' } as const;

/** All that stands around a signer: OEM, stations, registry, and a memory of what the signer said. */
export class LoadLine {
  readonly places: RecordPlaces;
  readonly client: SignerClient;
  readonly registry: SqliteRegistry;
  readonly books: RegistryActivities;
  readonly #oem = newReleaseKey('oem');
  readonly #stranger = newReleaseKey('oem');
  readonly #answered = new Map<string, string>();
  readonly #clerkEvery: number;
  #clerk: Promise<void> = Promise.resolve();
  #clerkDuties = 0;
  readonly stations: LoadStation[] = [];
  /** Requests of units that passed: each must get its certificate again, byte for byte, whenever it is sent. */
  readonly passed = new Map<string, SignCertificateInput>();
  /** What the signer should not have said. */
  readonly surprises: string[] = [];
  refusals = 0;
  recalled = 0;
  /** Requests of the station that may ask once a minute, which it was not too often for. */
  slowPasses = 0;

  constructor(folder: string, client: SignerClient, clerkEvery: number) {
    this.places = recordPlaces(folder);
    this.client = client;
    this.#clerkEvery = clerkEvery;
    this.registry = new SqliteRegistry(this.places.registry);
    const inbox = join(folder, 'inbox');
    mkdirSync(inbox);
    mkdirSync(this.places.orders, { recursive: true });
    writeFileSync(this.places.releaseKeys, `${verifierText(this.#oem.verifier)}\n`);
    const activities = createRegistryActivities(this.registry, inbox);
    this.books = {
      registerDevice: (input) => asActivity(() => activities.registerDevice(input)),
      recordFailure: (input) => asActivity(() => activities.recordFailure(input)),
      recordRefusal: (input) => asActivity(() => activities.recordRefusal(input)),
      loadChunk: (input) => asActivity(() => activities.loadChunk(input)),
      closeBatch: (input) => asActivity(() => activities.closeBatch(input)),
    };
  }

  /** Enrolls a station at the signer. */
  async enroll(stationId: string, perMinute = FAST): Promise<LoadStation> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const verifier = verifierText(noteVerifierOf(stationId, privateKey));
    this.expectDone('admit', await this.client.ask('admitStation', { stationId, verifier, perMinute }));
    return { stationId, privateKey, verifier };
  }

  /** A request of a station, as its claim activity makes it. */
  request(unit: UnitAttempt, terms: RequestTerms): SignCertificateInput {
    const { station, boardId, key = generateDeviceKey() } = terms;
    const { spkiSha256 } = key;
    const { stationId } = station;
    const requestId = terms.requestId ?? signingRequestId(unit, spkiSha256);
    const at = new Date(Date.now() + (terms.clockOffsetMs ?? 0)).toISOString();
    const statement = { ...unit, requestId, stationId, boardId, spkiSha256, at };
    return {
      requestId,
      unit,
      claim: { stationId, socket: '1', boardId },
      csr: Buffer.from(terms.csr ?? key.createCsr(CSR_SUBJECT)).toString('base64'),
      spkiSha256,
      signed: { at, signature: signStatement(statement, station.privateKey) },
    };
  }

  /** Asks for a certificate; a request that ever got one must get the same bytes. */
  async sign(
    input: SignCertificateInput,
    handover: Partial<Handover> = {},
  ): Promise<Answer<SignedCertificate>> {
    this.#callClerk();
    const answer = await this.client.ask('signCertificate', input, handover);
    if ('code' in answer) {
      this.refusals += 1;
      return (await this.#admitAgain(answer.code, input)) ? await this.sign(input, handover) : answer;
    }
    const { certificate } = answer.value;
    const earlier = this.#answered.get(input.requestId) ?? certificate;
    if (earlier !== certificate) this.surprises.push(`${input.requestId} got two certificates`);
    this.#answered.set(input.requestId, certificate);
    return answer;
  }

  /**
   * A signer that dies has used up a sixth of what each of its stations may ask for in a minute. Here it dies more often
   * than that: a person admits the station again, which lets it ask at once.
   */
  async #admitAgain(code: string, { claim }: SignCertificateInput): Promise<boolean> {
    const station = this.stations.find(({ stationId }) => stationId === claim.stationId);
    if (code !== 'STATION_RATE' || station === undefined) return false;
    const { stationId, verifier } = station;
    const admission = { stationId, verifier, perMinute: FAST };
    this.expectDone('admit again', await this.client.ask('admitStation', admission));
    return true;
  }

  expectDone<T>(what: string, answer: Answer<T>): T | undefined {
    if (!('code' in answer)) return answer.value;
    this.surprises.push(`${what}: ${answer.code} (${answer.message})`);
    return undefined;
  }

  expectRefused(what: string, answer: Answer<unknown>, ...codes: readonly string[]): void {
    const said = 'code' in answer ? answer.code : 'done';
    if (!codes.includes(said)) this.surprises.push(`${what}: ${said}, not ${codes.join(' or ')}`);
  }

  /** The OEM puts an order into the signer's folder; open, if nothing else is said. */
  writeOrder(
    terms: Pick<Order, 'order' | 'revision' | 'quantity' | 'reissues'> & Partial<Order>,
    spoilt: { readonly byStranger?: boolean; readonly flippedByte?: boolean } = {},
  ): void {
    const now = Date.now();
    const order = {
      products: ['sensor'],
      opens: new Date(now - DAY_MS).toISOString(),
      closes: new Date(now + DAY_MS).toISOString(),
      ...terms,
    };
    const { verifier, privateKey } = spoilt.byStranger === true ? this.#stranger : this.#oem;
    const file = Buffer.from(signOrder(order, verifier, privateKey));
    // A digit of the quantity: the file stays an order in form, and allows another number.
    if (spoilt.flippedByte === true) file[file.indexOf('"quantity": ') + 12]! ^= 0x01;
    const path = join(this.places.orders, orderFileName(order.order));
    writeFileSync(`${path}.new`, file);
    renameSync(`${path}.new`, path);
  }

  /** Lists and checkpoints that are due are made; at the end, of everything. */
  async settleBooks(): Promise<void> {
    await this.#clerk;
    this.expectDone('revocation list', await this.client.ask('publishCrl', {}));
    this.expectDone('checkpoint', await this.client.ask('checkpoint', {}));
    this.keepCheckpoint();
  }

  /** The note in the witness file, kept by somebody who is not the signer. */
  keepCheckpoint(): void {
    appendFileSync(this.places.checkpoints, `${readFileSync(this.places.witness, 'utf8')}\n`);
  }

  async #do(duty: 'publishCrl' | 'checkpoint', before: Promise<void>): Promise<void> {
    await before;
    this.expectDone(duty, await this.client.ask(duty, {}));
    this.keepCheckpoint();
  }

  #callClerk(): void {
    this.#clerkDuties += 1;
    if (this.#clerkDuties % this.#clerkEvery !== 0) return;
    const duty = (this.#clerkDuties / this.#clerkEvery) % 2 === 0 ? 'publishCrl' : 'checkpoint';
    this.#clerk = this.#do(duty, this.#clerk);
    this.#clerk.catch(() => undefined);
  }
}

/** A hardware id of its own for each name. */
export const boardNamed = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, 24);

function newReleaseKey(name: string) {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { verifier: noteVerifierOf(name, privateKey), privateKey };
}

function asActivity<T>(run: () => Promise<T>): Promise<T> {
  const context = {
    info: { attempt: 1, scheduledTimestampMs: Date.now() },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined },
  };
  return asyncLocalStorage.run(context as unknown as Context, run);
}
