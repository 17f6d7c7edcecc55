import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { NOBODY_LISTENS } from '../activities/trust.ts';
import { parseVerifier } from '../../pki/keys/signed-note.ts';
import type { Product } from '../../provisioning/product.ts';
import { batchWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { pemBlocks } from '../../pki/x509/pem.ts';
import type { RegistryActivities } from '../../provisioning/registration.ts';
import type { SignCertificateInput, SignedCertificate } from '../../provisioning/signing.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../registry/record/sql-registry.ts';
import { asActivity } from './as-activity.ts';
import { LoadOem } from './load-oem.ts';
import { recordPlaces } from './load-places.ts';
import type { RecordPlaces } from './load-places.ts';
import { INTAKE_KEY, newStation } from './load-station.ts';
import type { LoadStation } from './load-station.ts';
import type { Answer, SignerClient } from './signer-client.ts';
import type { Handover } from './signer-messages.ts';

const FAST = 1_000_000;

/** As the registry has them configured. */
export const LOAD_PRODUCTS: readonly Product[] = ['sensor', 'pump'].map((name) => ({
  name,
  assignment: 'any-board',
  organization: 'acme-line-1',
  commonName: '{serial}',
  keyPath: '/key',
  certificatePath: '/crt',
  keyEncoding: 'sec1',
  validity: 'forever',
}));

/** All that stands around a signer: OEM, stations, registry, and a memory of what the signer said. */
export class LoadLine {
  readonly places: RecordPlaces;
  readonly client: SignerClient;
  readonly registry: SqlRegistry;
  readonly books: RegistryActivities;
  readonly oem: LoadOem;
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
    this.registry = openRegistryFile(this.places.registry);
    const inbox = join(folder, 'inbox');
    mkdirSync(inbox);
    this.oem = new LoadOem(this.places);
    const activities = createRegistryActivities({
      registry: this.registry,
      inbox,
      products: LOAD_PRODUCTS,
      issuers: pemBlocks('CERTIFICATE', readFileSync(this.places.chain)),
      stationKeys: (id) =>
        this.stations
          .filter(({ stationId }) => stationId === id)
          .flatMap(({ verifier }) => parseVerifier(verifier) ?? []),
      auditKeys: () => [],
      deviceRegistries: [],
      intakes: () => [],
      intake: INTAKE_KEY,
      work: { unitRuns: async () => false, running: async function* () {}, isOrchestrated: async () => true },
      ends: NOBODY_LISTENS,
    });
    const asUnit = <T>({ serial }: { serial: string }, run: () => Promise<T>): Promise<T> =>
      asActivity(run, Date.now(), unitWorkflowId(serial));
    const asBatch = <T>({ batchId }: { batchId: string }, run: () => Promise<T>): Promise<T> =>
      asActivity(run, Date.now(), batchWorkflowId(batchId));
    this.books = {
      registerDevice: (input) => asActivity(() => activities.registerDevice(input)),
      recordFailure: (input) => asUnit(input.unit, () => activities.recordFailure(input)),
      releaseAttempt: (input) => asUnit(input.unit, () => activities.releaseAttempt(input)),
      recordDecision: (input) => asActivity(() => activities.recordDecision(input)),
      recordBatchDecision: (input) => asActivity(() => activities.recordBatchDecision(input)),
      recordRefusal: (input) => asBatch(input, () => activities.recordRefusal(input)),
      openSupplement: (input) => asActivity(() => activities.openSupplement(input)),
      loadChunk: (input) => asActivity(() => activities.loadChunk(input)),
      recordTermination: (input) => asBatch(input, () => activities.recordTermination(input)),
      recordRejectedBoard: (input) => asActivity(() => activities.recordRejectedBoard(input)),
      recallUnit: (input) => asActivity(() => activities.recallUnit(input)),
      judgeCertificates: (input) => asActivity(() => activities.judgeCertificates(input)),
      openRework: (input) => asActivity(() => activities.openRework(input)),
      refuseRework: (input) => asActivity(() => activities.refuseRework(input)),
      recordWipe: (input) => asActivity(() => activities.recordWipe(input)),
      recordReworkFailure: (input) => asActivity(() => activities.recordReworkFailure(input)),
      endReworkUnit: (input) => asActivity(() => activities.endReworkUnit(input)),
      recallReworkUnit: (input) => asActivity(() => activities.recallReworkUnit(input)),
      rewriteResult: (input) => asActivity(() => activities.rewriteResult(input)),
      neverBegun: (input) => asBatch(input, () => activities.neverBegun(input)),
      freeUnits: (input) => asBatch(input, () => activities.freeUnits(input)),
      closeBatch: (input) => asBatch(input, () => activities.closeBatch(input)),
    };
  }

  /** Enrolls a station at the signer. */
  async enroll(stationId: string, perMinute = FAST): Promise<LoadStation> {
    const station = newStation(stationId);
    const admission = { stationId, verifier: station.verifier, perMinute };
    this.expectDone('admit', await this.client.ask('admitStation', admission));
    return station;
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
