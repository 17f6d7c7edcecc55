import { CHUNK_SIZE } from '../../provisioning/batch.ts';
import type {
  EndReworkInput,
  EndWord,
  ReleaseAttemptsInput,
  ReleasedAttempt,
  ReleaseReworkInput,
  ReleaseUnitsInput,
  ReturnUnitsInput,
  UnfinishedCertificates,
  RecallCertificateInput,
  UnfinishedCertificatesInput,
} from '../../provisioning/signing.ts';
import type { OrderQuestion, OrderReply } from '../../provisioning/order-check.ts';
import type { SeenLog } from '../../provisioning/signer-log.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import type { OrderDesk } from '../orders/order-desk.ts';
import { checkListed } from '../orders/order-policy.ts';
import type { ReadOrder } from '../orders/order-policy.ts';
import type { PermitAttemptInput, PermittedAttempt, ReleasedUnits } from '../../provisioning/permit.ts';
import type { ReportedPass } from '../../provisioning/pass.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import type { StationKey } from '../keys/station-key.ts';
import { answerOrderQuestion } from '../orders/order-question.ts';
import { PkiError } from '../pki-error.ts';
import {
  checkAttemptRelease,
  checkFurther,
  checkRelease,
  checkReturn,
  checkRework,
  isEndSigned,
} from './intake-statements.ts';
import { judgePasses } from './passes.ts';
import { PermitDesk } from './permits.ts';
import { gateCsr } from './csr-gate.ts';
import type { GatedCsr } from './csr-gate.ts';
import type { Issuance, Issuances } from './issuances.ts';
import type { IssueRequest } from './issue-request.ts';
import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import { recordOf } from './issuer.ts';
import type { Issuer } from './issuer.ts';
import { refusalOf } from './refusals.ts';
import type { RefusableRequest, Refusals } from './refusals.ts';
import type { FurtherAttempts, Releases } from './releases.ts';
import type { Reworks } from './reworks.ts';
import { checkAfterLog, checkSignerClock } from './signer-clock.ts';
import type { RequestStatement } from './signed-request.ts';
import type { Arrival, StationGate } from './station-gate.ts';
import type { EnrolledStation, Stations } from './stations.ts';
import { isFresh } from './word-age.ts';

/** What a station asks the signer for. Any part of it may be forged: it comes by way of Temporal. */
export interface SigningRequest {
  /** What the station says that it asks for. */
  readonly statement: RequestStatement;
  /** The station's signature over the statement, base64; undefined in a request that has none. */
  readonly signature: string | undefined;
  /** PKCS#10 request, DER. */
  readonly csr: Uint8Array;
}

/** What the clock of the signer, and what others have seen of it, is compared with. */
interface LogFacts {
  /** The latest time in the audit log that applies, ISO 8601; undefined where there is none. */
  latestTime(): Promise<string | undefined>;
  /** The hash of an entry; undefined where there is none. */
  auditHash(seq: number): Promise<string | undefined>;
}

/** What signing needs of a ledger. */
export interface SigningLedger {
  readonly issuances: Issuances;
  readonly orders: Releases;
  readonly furtherAttempts: FurtherAttempts;
  readonly reworks: Reworks;
  readonly stations: Stations;
  readonly auditLog: Refusals & LogFacts;
}

/** What a signing desk works with. */
export interface SigningDeskParts {
  readonly stations: StationGate;
  readonly orders: OrderDesk;
  readonly issuer: Issuer;
  readonly ledger: SigningLedger;
  /** Signs the permits of units; several signers of one ledger have the same key. */
  readonly permitKey: StationKey;
  /** Whose releases are accepted, as it is now. */
  readonly intakes: () => readonly NoteVerifier[];
  /** The newest checkpoint of this signer's audit log, a signed note. */
  readonly log: { readonly newest: () => string };
}

/** A unit, and the order that is named for it. */
type UnitOfOrder = Pick<RequestStatement, 'batchId' | 'order' | 'serial' | 'product'>;

/** A certificate of a unit, and where its board was. */
export interface IssuedTo {
  readonly attempt: number;
  readonly requestId: string;
  readonly boardId: string;
  readonly stationId: string;
  readonly record: CertificateRecord;
}

/**
 * The trust boundary of the signer. Everything that is asked of the CA key passes here, and nothing that is asked is
 * trusted. Each refusal is in the audit log before the caller receives it.
 */
export class SigningDesk {
  readonly #stations: StationGate;
  readonly #orders: OrderDesk;
  readonly #issuer: Issuer;
  readonly #ledger: SigningLedger;
  readonly #permits: PermitDesk;
  readonly #intakes: SigningDeskParts['intakes'];
  readonly #log: SigningDeskParts['log'];

  constructor({ stations, orders, issuer, ledger, permitKey, intakes, log }: SigningDeskParts) {
    this.#log = log;
    this.#permits = new PermitDesk(permitKey);
    this.#intakes = intakes;
    this.#stations = stations;
    this.#orders = orders;
    this.#issuer = issuer;
    this.#ledger = ledger;
  }

  /** How far the audit log of this signer had come before it signed last: a signed note. */
  get checkpoint(): string {
    return this.#log.newest();
  }

  /**
   * The certificate that an enrolled station asks for. The gates, in this order: the clock is right, the station made this
   * request, the CSR is strict and for the key that the station signed for, this signer has permitted the attempt, the order
   * of the batch is good, the station has not asked too often, and the issuer's policy allows it. A request that is sent
   * again, or is refused, is not counted: a stranger who repeats it cannot use up what the station may ask for. Throws what
   * `StationGate`, `gateCsr`, `checkPermit`, `OrderDesk.admit` and `Issuer.issue` throw, and REQUEST_INVALID for a CSR with
   * another key. A key that was certified before stops the station.
   */
  async sign(request: SigningRequest, arrival: Arrival): Promise<CertificateRecord> {
    const { requestId, batchId, order, serial, stationId, boardId } = request.statement;
    const asked = { requestId, batchId, order, serial, station: stationId, boardId };
    return await this.#audited({ request: 'signCertificate', ...asked }, async () => {
      await this.#checkClock(arrival);
      const { station, csr } = await this.#gate(request, arrival);
      const { product, attempt, permit } = request.statement;
      const unit = { order, batchId, serial, product, attempt };
      this.#permits.check(unit, { permit, boardId });
      const read = await this.#admitOrderOf(request.statement);
      const asks = { requestId, batchId, serial, product, attempt, boardId, stationId, csr, read };
      return await this.#issue(stationId, asks, () => this.#stations.count(station, arrival));
    });
  }

  /**
   * Releases a manifest and some of its serials under an order, if an intake signed that these are the manifest's, and
   * permits the first attempt at each; idempotent. Throws RELEASE_UNSIGNED, and what `OrderDesk.admit`, `releaseBatch` and
   * `releaseSerials` of the ledger throw.
   */
  async release(
    input: ReleaseUnitsInput,
    arrival: Pick<Arrival, 'deliveredAt' | 'now'> = { now: new Date() },
  ): Promise<ReleasedUnits> {
    const { batchId, order, manifestSha256, quantity, units } = input;
    return await this.#audited({ request: 'releaseUnits', batchId, order, manifestSha256 }, async () => {
      await this.#checkClock(arrival);
      const intake = checkRelease(input, this.#intakes());
      await this.#checkSeen(input.seen);
      const read = await this.#admit(order, units);
      const releasedAt = arrival.now.toISOString();
      const release = { batchId, order, manifestSha256, quantity, releasedAt, intake, read };
      await this.#ledger.orders.releaseBatch(release);
      await this.#ledger.orders.releaseSerials({ batchId, units });
      const first = { batchId, order, attempt: 1 };
      return { permits: units.map((unit) => this.#permits.sign({ ...unit, ...first })) };
    });
  }

  /**
   * Releases a further attempt at units that ended without a pass, if an intake signed that they are the manifest's;
   * idempotent. Each unit asks for its permit itself. Throws RELEASE_UNSIGNED, and what `OrderDesk.admit`, `releaseBatch`
   * and `releaseAttempts` of the ledger throw.
   */
  async releaseAttempts(
    input: ReleaseAttemptsInput,
    arrival: Pick<Arrival, 'deliveredAt' | 'now'> = { now: new Date() },
  ): Promise<ReleasedAttempt[]> {
    const { batchId, order, manifestSha256, quantity, signed: _signed, seen, ...further } = input;
    return await this.#audited({ request: 'releaseAttempts', batchId, order, manifestSha256 }, async () => {
      await this.#checkClock(arrival);
      const intake = checkFurther(input, this.#intakes());
      await this.#checkSeen(seen);
      const read = await this.#admit(order, further.units);
      const releasedAt = arrival.now.toISOString();
      const release = { batchId, order, manifestSha256, quantity, releasedAt, intake, read };
      await this.#ledger.orders.releaseBatch(release);
      return await this.#ledger.furtherAttempts.releaseAttempts({ batchId, releasedAt, ...further });
    });
  }

  /**
   * Gives units back to their order, if an intake signed that they ended and were never begun; idempotent. Returns those that
   * stay: they have a certificate, or run again. Throws RELEASE_UNSIGNED, RELEASE_CONFLICT.
   */
  async returnUnits({ signed, supplements = 0, ...units }: ReturnUnitsInput): Promise<string[]> {
    const { batchId } = units;
    return await this.#audited({ request: 'returnUnits', batchId }, async () => {
      checkReturn({ ...units, supplements, ...(signed !== undefined && { signed }) }, this.#intakes());
      return await this.#ledger.furtherAttempts.returnSerials({ ...units, supplements });
    });
  }

  /**
   * Lets units that passed have another certificate, or lose theirs, counted against `order`, or against the orders of their
   * batches, if an intake signed that a person asked for it; idempotent. Throws RELEASE_UNSIGNED, REQUEST_INVALID for a unit
   * that is not among the serials of the rework, and what `OrderDesk.admit` and `releaseRework` of the ledger throw.
   */
  async releaseRework(
    input: ReleaseReworkInput,
    arrival: Pick<Arrival, 'deliveredAt' | 'now'> = { now: new Date() },
  ): Promise<void> {
    const { units, ...rework } = input;
    const { reworkId, kind, order, askedAt } = rework;
    const asked = { reworkId, ...(order !== undefined && { order }) };
    await this.#audited({ request: 'releaseRework', ...asked }, async () => {
      await this.#checkClock(arrival);
      checkRework(rework, this.#intakes());
      const stranger = units.find(({ serial }) => !rework.serials.includes(serial));
      if (stranger !== undefined) {
        const message = `The rework ${reworkId} was not asked for ${stranger.serial.slice(0, 64)}: find out who sent it.`;
        throw new PkiError('REQUEST_INVALID', message, { reason: 'serial' });
      }
      const ofOrder = Map.groupBy(units, (unit) => order ?? unit.order);
      const read = new Map<string, ReadOrder>();
      for (const [each, listed] of ofOrder) read.set(each, await this.#admit(each, listed));
      const releasedAt = arrival.now.toISOString();
      await this.#ledger.reworks.releaseRework({
        ...asked,
        ...(askedAt !== undefined && { askedAt }),
        kind,
        releasedAt,
        units,
        read,
      });
    });
  }

  /**
   * The rework of a unit has ended. Only one that was released ends a certificate, and only one that wipes the board the active
   * one. Throws WITHDRAWAL_REFUSED.
   */
  async endRework({ reworkId, serial, attempt, revokesActive }: EndReworkInput): Promise<void> {
    await this.#audited({ request: 'endRework', reworkId, serial }, () =>
      this.#ledger.issuances.endRework({ reworkId, serial, attempt, revokesActive }),
    );
  }

  /**
   * Permits a further attempt at a released unit, if an intake signed that it may be made. The signer numbers it. Throws
   * CLOCK_WRONG, RELEASE_UNSIGNED, and what `permitAttempt` of the ledger throws, also where its order would not allow it: no board
   * is taken for what is not signed.
   */
  async permit(
    { unit, release }: PermitAttemptInput,
    arrival: Pick<Arrival, 'deliveredAt' | 'now'> = { now: new Date() },
  ): Promise<PermittedAttempt> {
    const { batchId, order, serial } = unit;
    return await this.#audited({ request: 'permitAttempt', batchId, order, serial }, async () => {
      // A permit says when it was made: of a clock that is ahead, it could be kept until that time.
      await this.#checkClock(arrival);
      checkAttemptRelease(unit, release, this.#intakes());
      // An intake of an earlier version does not say when.
      const isOfNow = release.at === undefined || isFresh(release.at, arrival.now);
      const madeAt = arrival.now.toISOString();
      const word = { isFresh: isOfNow, at: madeAt, read: await this.#readOrderOf(unit) };
      const terms = await this.#ledger.furtherAttempts.permitAttempt(unit, word);
      return { attempt: terms.attempt, permit: this.#permits.sign({ ...terms, madeAt }) };
    });
  }

  /**
   * Boards are known to carry these certificates, as their stations say. Returns the request ids of those that are unknown
   * or withdrawn, or whose pass is not signed by the station that asked for the certificate.
   */
  async activate(passes: readonly ReportedPass[]): Promise<string[]> {
    const { proven, unproven, unknown } = await judgePasses(passes, this.#ledger);
    if (unproven.length > 0) {
      const [requestId = ''] = unproven;
      const asked = { request: 'activateCertificates', requestId } as const;
      await this.#ledger.auditLog.recordRefusal({
        ...asked,
        code: 'PASS_UNPROVEN',
        reason: `${unproven.length}`,
      });
    }
    return [...unproven, ...unknown, ...(await this.#ledger.issuances.activate(proven))];
  }

  /** Whether the order of a manifest allows it, as a release would decide now; nothing is booked. */
  async askOrder(question: OrderQuestion): Promise<OrderReply> {
    return await answerOrderQuestion(question, {
      admit: (order) => this.#orders.admit(order),
      standing: ({ order }) => this.#ledger.orders.orderStanding(order.order),
      orderOfBatch: (batchId) => this.#ledger.orders.orderOfBatch(batchId),
      profileOf: (product) => this.#issuer.profileSha256(product),
    });
  }

  /** A page of the certificates of a batch, or that of one of its units, that are neither active nor withdrawn. */
  async unfinished({
    batchId,
    serial: of,
    after = 0,
    withCertificates,
  }: UnfinishedCertificatesInput): Promise<UnfinishedCertificates> {
    const { issuances, next } =
      of === undefined
        ? await this.#ledger.issuances.unfinishedOf(batchId, after, CHUNK_SIZE)
        : { issuances: await this.#unfinishedOfUnit(batchId, of) };
    const certificates = issuances.map((issuance) => {
      const { requestId, serial, attempt, spkiSha256, boardId, stationId, certificate } = issuance;
      return {
        requestId,
        serial,
        attempt,
        spkiSha256,
        boardId,
        ...(stationId !== undefined && { stationId }),
        ...(withCertificates &&
          certificate !== undefined && { certificate: Buffer.from(certificate).toString('base64') }),
      };
    });
    return { certificates, ...(next !== undefined && { next }) };
  }

  /** The newest certificate of a unit that is issued and not yet active, and who asked for it; undefined where nobody knows. */
  async issuedTo({ batchId, serial }: RecallCertificateInput): Promise<IssuedTo | undefined> {
    const unfinished = await this.#unfinishedOfUnit(batchId, serial);
    const issued = unfinished
      .filter(({ state }) => state === 'issued')
      .toSorted((a, b) => b.attempt - a.attempt)[0];
    if (issued?.certificate === undefined || issued.stationId === undefined) return undefined;
    const { attempt, requestId, boardId, stationId } = issued;
    return { attempt, requestId, boardId, stationId, record: recordOf(issued, issued.certificate) };
  }

  async #unfinishedOfUnit(batchId: string, serial: string): Promise<readonly Issuance[]> {
    const issuances = await this.#ledger.issuances.liveIssuances(serial);
    return issuances.filter((issuance) => issuance.state !== 'active' && issuance.batchId === batchId);
  }

  /**
   * Withdraws what was signed for a unit that did not pass; nothing of this or an earlier attempt is signed any more.
   * Anybody may ask for this, so nothing that has shipped can be lost by it: a certificate that was issued may be on a board whose
   * tile says PASS, and ends only by the word of an intake. Throws WITHDRAWAL_REFUSED.
   */
  async withdraw({ batchId, serial, attempt }: AttemptId, word?: EndWord): Promise<void> {
    const { spkiSha256 = '', signature } = word ?? {};
    const hasEnded = isEndSigned({ batchId, serial, spkiSha256 }, signature, this.#intakes());
    const unit = { batchId, serial, attempt, ...(hasEnded && { endedKey: spkiSha256 }) };
    await this.#audited({ request: 'revokeCertificate', batchId, serial }, () =>
      this.#ledger.issuances.withdrawUnit(unit),
    );
  }

  /** An order that has ended must not be open again because a clock was set back, nor one be open early. */
  async #checkClock(arrival: Pick<Arrival, 'deliveredAt' | 'now'>): Promise<void> {
    checkSignerClock(arrival);
    checkAfterLog(arrival.now, await this.#ledger.auditLog.latestTime());
  }

  /**
   * What the registry has seen in certificates, of the log of any signer that the orchestrator knows, must be in this ledger: its
   * signers share one. Else the ledger is an old copy, perhaps one that does not know the signer that has signed most.
   */
  async #checkSeen(seen: readonly SeenLog[] = []): Promise<void> {
    for (const { log, size, hash } of seen) {
      if ((await this.#ledger.auditLog.auditHash(size)) === hash) continue;
      const message = `The registry has a certificate that was signed after entry ${size} of the audit log ${log.slice(0, 40)}, and this ledger has another one there, or none: it was restored or copied. Stop the signer and restore the newest copy. Only if that is permanently lost, or no signer has this log any more, type at the registry: certline registry accept-loss ${log.slice(0, 40)}`;
      throw new PkiError('LEDGER_STALE', message, { reason: 'seen' });
    }
  }

  /**
   * The order that applies is the one that the batch, or the open rework of the unit, was released under, by its file as
   * it is now; a request that names another one is refused.
   */
  async #admitOrderOf({ batchId, order, serial, product }: UnitOfOrder): Promise<ReadOrder> {
    const released = await this.#ledger.orders.orderOfUnit({ batchId, serial });
    if (released !== undefined && released !== order) {
      const message = `The batch ${batchId} was released under the order ${released}, and the request for ${serial} names another: find out who sent it.`;
      throw new PkiError('ORDER_MISMATCH', message, { reason: 'order' });
    }
    return await this.#admit(order, [{ serial, product }]);
  }

  /** The same, for who knows only later whether the order must allow the unit. */
  async #readOrderOf(unit: UnitOfOrder): Promise<() => ReadOrder> {
    const [read] = await Promise.allSettled([this.#admitOrderOf(unit)]);
    return () => {
      if (read.status === 'rejected') throw read.reason;
      return read.value;
    };
  }

  /**
   * The order as this signer has it, if it lists these units. Another signer of the ledger may have a later revision: the ledger
   * compares them when it decides.
   */
  async #admit(
    id: string,
    units: readonly Pick<RequestStatement, 'serial' | 'product'>[],
  ): Promise<ReadOrder> {
    const admitted = await this.#orders.admit(id);
    checkListed(admitted, units, (product) => this.#issuer.profileSha256(product));
    return admitted.order;
  }

  /** Before anything else: an enrolled station asked for just this, for the key of just this CSR. */
  async #gate(
    { statement, signature, csr }: SigningRequest,
    arrival: Arrival,
  ): Promise<{ station: EnrolledStation; csr: GatedCsr }> {
    const station = await this.#stations.check(statement, signature, arrival);
    const gated = await gateCsr(csr);
    if (gated.spkiSha256 === statement.spkiSha256) return { station, csr: gated };
    const { serial, stationId } = statement;
    const message = `The CSR for ${serial} has another key than the one that station ${stationId} signed: call the security engineer.`;
    throw new PkiError('REQUEST_INVALID', message, { reason: 'key' });
  }

  /** A key that comes twice is the station's fault, not the unit's: its random numbers repeat, or it was cloned. */
  async #issue(
    stationId: string,
    request: IssueRequest,
    admit: () => Promise<void>,
  ): Promise<CertificateRecord> {
    try {
      return await this.#issuer.issue(request, admit);
    } catch (error) {
      if (error instanceof PkiError && error.code === 'KEY_REUSED')
        await this.#ledger.stations.setStationState(
          stationId,
          'stopped',
          `the key of ${request.serial} came twice`,
        );
      throw error;
    }
  }

  async #audited<T>(asked: RefusableRequest, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const refusal = refusalOf(asked, error);
      if (refusal !== undefined) await this.#ledger.auditLog.recordRefusal(refusal);
      throw error;
    }
  }
}
