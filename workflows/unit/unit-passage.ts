import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import type { StepFailure } from './step-failure.ts';
import type { Step } from '../../provisioning/step.ts';
import type { Claim, GeneratedKeypair } from '../../provisioning/claim.ts';
import type { DeliveryInput, VerifiedReadback } from '../../provisioning/delivery.ts';
import type { RegisterDeviceInput } from '../../provisioning/registration.ts';
import type {
  BoardCertificate,
  SignCertificateInput,
  SignedCertificate,
} from '../../provisioning/signing.ts';
import type { Permit, PermittedAttempt, PermitTerms } from '../../provisioning/permit.ts';
import { signingRequestId } from '../../provisioning/signing-request-id.ts';
import type {
  Attention,
  UnitAttempt,
  UnitInput,
  UnitReport,
  UnitRow,
  UnitState,
} from '../../provisioning/unit.ts';

/** All that is needed to register a unit. */
export interface Reached {
  readonly keypair: KeyOnBoard;
  readonly signed: SignedCertificate;
  readonly verified: VerifiedReadback;
}

/** The key that a station made; without its request where a run that was reset has forgotten that. */
export type KeyOnBoard = Omit<GeneratedKeypair, 'csr' | 'signed'> &
  Partial<Pick<GeneratedKeypair, 'csr' | 'signed'>>;

/** What a unit has reached: each step reads what the ones before it left here. */
export class UnitPassage {
  readonly row: UnitRow;
  /** The unit, and which attempt at it is under way. */
  unit: UnitAttempt;
  #step: Step = 'generateKeypair';
  /** When each step began. */
  #began: Partial<Record<Step, string>> = {};
  readonly #changed: () => void;
  keypair: KeyOnBoard | undefined;
  signed: SignedCertificate | undefined;
  verified: VerifiedReadback | undefined;
  /** What the last attempt that failed failed with. */
  failure: StepFailure | undefined;
  /** The station does not take the task of this step. */
  isStationSilent = false;
  /** Of this attempt. */
  permit: Permit | undefined;
  /** The attempt whose board was proven; a later one only registers it. */
  #proven: UnitAttempt | undefined;
  /** An earlier attempt got a certificate, which may be on a board by now. */
  signedBefore: boolean;
  /** An earlier attempt of this run may have got a certificate, also where its answer was lost. */
  isRetried = false;

  /**
   * `changed` is called when a step begins, and when it does not. `attempt`: the first one of a unit that has attempts already.
   */
  constructor(input: UnitInput, changed: () => void, attempt = 1) {
    this.#changed = changed;
    this.row = input.unit;
    this.permit = input.permit;
    const { serial, product } = input.unit;
    this.unit = {
      batchId: input.batchId,
      order: input.order,
      serial,
      product,
      attempt: input.attempt ?? attempt,
    };
    this.signedBefore = input.hasCertificate ?? false;
  }

  get step(): Step {
    return this.#step;
  }

  begin(step: Step): void {
    this.#step = step;
    // A board that was proven is only registered again.
    this.#began[step] ??= new Date().toISOString();
    this.#changed();
  }

  setStationSilent(isSilent: boolean): void {
    this.isStationSilent = isSilent;
    this.#changed();
  }

  /** A board that was proven keeps its key and certificate; any other gets new ones. */
  nextAttempt(): void {
    this.unit = { ...this.unit, attempt: this.unit.attempt + 1 };
    if (this.verified) return;
    this.isRetried = true;
    this.signedBefore ||= this.signed !== undefined;
    this.permit = undefined;
    this.keypair = undefined;
    this.signed = undefined;
    this.#began = {};
  }

  /** Nothing of what was done before is used, except a board that an earlier attempt left complete. */
  startOver(attempt: number): void {
    this.unit = { ...this.unit, attempt };
    this.isRetried = true;
    this.signedBefore = true;
    this.permit = undefined;
    this.keypair = undefined;
    this.signed = undefined;
    this.verified = undefined;
    this.#proven = undefined;
    this.#began = {};
  }

  /** The board was proven in an earlier run, in this attempt: only its registration is missing. `last` was tried last. */
  adopt(attempt: number, reached: Reached, last = attempt): void {
    this.unit = { ...this.unit, attempt };
    this.keypair = reached.keypair;
    this.signed = reached.signed;
    this.prove(reached.verified);
    this.unit = { ...this.unit, attempt: last };
  }

  /** What a permit is asked for. */
  get permitTerms(): PermitTerms {
    const { boardId } = this.row;
    return { ...this.unit, ...(boardId !== undefined && { boardId }) };
  }

  /** The signer numbers attempts: this one may be a higher one than was asked for. */
  permitted({ attempt, permit }: PermittedAttempt): void {
    this.unit = { ...this.unit, attempt };
    this.permit = permit;
  }

  /** The board is proven, in the attempt that is under way or, again, in the one that proved it. */
  prove(verified: VerifiedReadback): void {
    this.verified = verified;
    this.#proven ??= this.unit;
  }

  get claim(): Claim | undefined {
    if (!this.keypair) return undefined;
    const { stationId, socket, boardId } = this.keypair;
    return { stationId, socket, boardId };
  }

  /** What was signed in this attempt: its board may have it. */
  get boardCertificate(): BoardCertificate | undefined {
    if (!this.keypair || !this.signed) return undefined;
    return { boardId: this.keypair.boardId, certificate: this.signed.certificate };
  }

  /** One id for each key: the same request always gets the same certificate. */
  get requestId(): string {
    const { requestId, spkiSha256 } = this.#reached(this.keypair);
    return requestId ?? signingRequestId(this.unit, spkiSha256);
  }

  signRequest(): SignCertificateInput {
    const { csr, spkiSha256, signed } = this.#reached(this.keypair);
    const claim = this.#reached(this.claim);
    const permit = this.permit && { permit: this.permit };
    // The station of the earliest version signed nothing, and its units are replayed.
    const request = { csr: this.#reached(csr), spkiSha256, signed: signed! };
    return { requestId: this.requestId, unit: this.unit, claim, ...request, ...permit };
  }

  delivery(): DeliveryInput {
    return {
      unit: this.#proven ?? this.unit,
      claim: this.#reached(this.claim),
      certificate: this.#reached(this.signed).certificate,
      spkiSha256: this.#reached(this.keypair).spkiSha256,
    };
  }

  registration(): RegisterDeviceInput {
    const { spkiSha256, startedAt } = this.#reached(this.keypair);
    return {
      unit: this.unit,
      claim: this.#reached(this.claim),
      signed: this.#reached(this.signed),
      spkiSha256,
      startedAt,
      verified: this.#reached(this.verified),
      steps: this.#began,
    };
  }

  state(attention: Attention | undefined): UnitState {
    return {
      serial: this.row.serial,
      attempt: this.unit.attempt,
      step: this.step,
      ...this.claim,
      ...(attention && { attention }),
      ...(attention && this.failure?.message !== undefined && { message: this.failure.message }),
    };
  }

  report(outcome: Outcome, code?: FailureCode): UnitReport {
    return {
      serial: this.row.serial,
      outcome,
      attempts: this.unit.attempt,
      ...(code && { code, step: this.step }),
      ...(this.signed && { fingerprint: this.signed.fingerprint, requestId: this.requestId }),
      ...(outcome === 'PASS' && this.claim && { boardId: this.claim.boardId }),
      ...(outcome === 'PASS' && this.verified?.pass && { pass: this.verified.pass }),
    };
  }

  #reached<T>(value: T | undefined): T {
    if (value === undefined) throw new Error(`step ${this.step} of ${this.row.serial} came too early`);
    return value;
  }
}
