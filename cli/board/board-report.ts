import type { GroupDetails } from '../../smp/requests/enumeration-requests.ts';
import type { Seen } from '../../smp/text/sightings.ts';
import type { LinkStatistics } from '../../smp/client/exchange.ts';

/** A firmware image; `hash` in lower-case hex. */
export interface ReportedImage {
  readonly slot: number;
  readonly version: string;
  readonly hash: string | null;
  readonly active: boolean;
  readonly confirmed: boolean;
}

/** What a certificate on a board says; times in ISO 8601, hashes and serial in lower-case hex. */
export interface ReportedCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly sha256: string;
  readonly spkiSha256: string;
  readonly issuedByUs: boolean;
}

/** `unjudged`: a whole certificate, and no CA here to say whether it is ours. */
export type ReportedClass = 'blank' | 'partial' | 'complete' | 'foreign' | 'unjudged';

/** Both files of one place, of which the key is known by its size alone. */
export interface ReportedCredentials {
  readonly products: readonly string[];
  readonly keyPath: string;
  readonly certificatePath: string;
  readonly class: ReportedClass | null;
  readonly keyBytes: number | null;
  readonly certificateBytes: number | null;
  readonly certificate: ReportedCertificate | null;
}

/**
 * What is on a board. Null and empty mean that the board did not report it: `notTold` says why, by field, and which
 * option of the firmware would change that.
 */
export interface BoardReport {
  readonly port: string;
  hardwareId: string | null;
  /** Milliseconds from a request to its answer, the shortest of three. */
  answerMs: number | null;
  firmware: {
    kernel: string | null;
    build: string | null;
    platform: string | null;
    bootloader: string | null;
    images: readonly ReportedImage[];
  };
  /** `largestMessageBytes`: what a request may have, header included. */
  buffers: { bytes: number; count: number; largestMessageBytes: number } | null;
  groups: readonly GroupDetails[];
  fileSystems: { mount: string; totalBytes: number; freeBytes: number }[];
  credentials: ReportedCredentials[];
  /** What was received meanwhile. */
  line: Readonly<LinkStatistics> & { readonly seen: readonly Seen[] };
  /** Why the board fell silent before all was asked. */
  error: object | null;
  readonly notTold: Record<string, string>;
}
