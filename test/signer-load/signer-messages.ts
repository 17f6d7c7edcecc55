import type {
  ActivateCertificatesInput,
  ReleaseUnitsInput,
  RevokeCertificateInput,
  SignCertificateInput,
  SignedCertificate,
} from '../../provisioning/signing.ts';
import type { ReleasedUnits } from '../../provisioning/permit.ts';
import type { StationState } from '../../pki/signing/stations.ts';
import type { RevocationReason } from '../../pki/x509/revocation-reason.ts';

/** What the signer's process does for whoever is at the other end of its pipe: the activities, and what people do by hand. */
export interface SignerWork {
  signCertificate(input: SignCertificateInput): Promise<SignedCertificate>;
  activateCertificates(input: ActivateCertificatesInput): Promise<string[]>;
  revokeCertificate(input: RevokeCertificateInput): Promise<void>;
  releaseUnits(input: ReleaseUnitsInput): Promise<ReleasedUnits>;
  /** `certline order close`. */
  closeOrder(input: { readonly order: string }): Promise<void>;
  /** `certline cert revoke`. */
  revokeByHand(input: { readonly requestId: string; readonly reason: RevocationReason }): Promise<void>;
  /** `certline cert hold` and `release`. */
  hold(input: { readonly requestId: string }): Promise<void>;
  endHold(input: { readonly requestId: string }): Promise<void>;
  /** `certline station` admit, stop, release and revoke. */
  admitStation(input: {
    readonly stationId: string;
    readonly verifier: string;
    readonly perMinute: number;
  }): Promise<void>;
  setStationState(input: { readonly stationId: string; readonly state: StationState }): Promise<void>;
  /** What the signer does by itself, by its clock; here when it is told to. */
  publishCrl(input: object): Promise<void>;
  checkpoint(input: object): Promise<void>;
}

/** When a piece of work was handed over by Temporal's clock (milliseconds), and how far the signer's own clock is off. */
export interface Handover {
  readonly askedAtMs: number;
  readonly clockOffsetMs: number;
}

export interface WorkMessage extends Handover {
  readonly id: number;
  readonly work: keyof SignerWork;
  readonly input: unknown;
}

/** To the signer, when it has begun: a piece of work, or that it must end in peace. */
export type ToSigner = WorkMessage | 'stop';

/** From the signer: it is up, or what became of a piece of work. */
export type FromSigner =
  | 'ready'
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly code: string; readonly message: string };

/**
 * Where a life of the signer ends: at the first point that is not spared, after so many requests to sign; at the latest
 * when so many are answered. Without figures it does not end.
 */
export interface Doom {
  readonly spared: readonly string[];
  readonly afterRequests?: number;
  readonly atLatest?: number;
}
