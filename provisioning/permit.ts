import type { UnitAttempt } from './unit.ts';

/**
 * The signer's word that an attempt at a unit may be made. A station touches no board without one and names it in its
 * request.
 */
export interface Permit {
  /** Ed25519, base64. */
  readonly signature: string;
  /** The one board that the unit may have, where its manifest names one. */
  readonly boardId?: string;
  /**
   * Certificates of the unit, SHA-256 of the DER in lower-case hex, whose key and certificate may be removed from a board: those of
   * attempts that did not pass, and the active one where a person asked for that. Everybody can read earlier permits and send them
   * again, so a board with any other certificate is not written to.
   */
  readonly replaces?: readonly string[];
  /** The key, SHA-256 of the SubjectPublicKeyInfo, for which the active certificate may be renewed. */
  readonly renews?: string;
  /**
   * When the signer said what may be replaced or renewed, ISO 8601: it says so of this moment, and a station believes it for minutes.
   * Absent where nothing may be, and in a permit of an earlier version.
   */
  readonly madeAt?: string;
}

/** An attempt for which a permit is asked. */
export interface PermitTerms extends UnitAttempt {
  readonly boardId?: string | undefined;
}

/** What the signer says in a permit. */
export type PermittedTerms = PermitTerms & Pick<Permit, 'replaces' | 'renews' | 'madeAt'>;

/** What the signer gives with the release of units, in the order of the units. */
export interface ReleasedUnits {
  readonly permits: readonly Permit[];
}

/** Exceptional path: may this attempt at a unit be made? Asked of the registry, which knows how the one before ended. */
export interface ReleaseAttemptInput {
  readonly unit: PermitTerms;
}

/** The word of the intake that a further attempt at a unit may be made. */
export interface AttemptRelease {
  /** Ed25519 of the intake, base64. */
  readonly signature: string;
  /** When the intake said so, ISO 8601; an earlier version did not say it. */
  readonly at?: string;
}

/** Exceptional path: a permit for a further attempt. */
export interface PermitAttemptInput {
  readonly unit: PermitTerms;
  readonly release: AttemptRelease;
}

export interface PermittedAttempt {
  /** The signer numbers attempts: higher than what was asked for where that one was withdrawn. */
  readonly attempt: number;
  readonly permit: Permit;
}
