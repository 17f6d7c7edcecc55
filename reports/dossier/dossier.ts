import type { Decision } from '../../provisioning/decision.ts';
import type { BatchRecord, UnitRecord } from '../../registry/registry.ts';

/** All that is known of a unit, for those who were not there. Contains no secret: keys appear as hashes of their public half. */
export interface DossierUnit {
  readonly serial: string;
  readonly product: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly outcome: string;
  readonly code?: string;
  readonly board?: string;
  /** Of the board when the unit passed; absent where the product does not say what to ask for. */
  readonly firmware?: string;
  readonly attempts: readonly DossierAttempt[];
  readonly certificates: readonly DossierCertificate[];
  readonly decisions: readonly DossierDecision[];
}

interface DossierAttempt {
  readonly attempt: number;
  readonly cause: string;
  readonly step: string;
  readonly station?: string;
  readonly socket?: string;
  readonly board?: string;
  readonly started?: string;
  readonly finished?: string;
  readonly code?: string;
  readonly message?: string;
  /** What the station read back. */
  readonly readBack?: Readonly<Record<string, string>>;
}

interface DossierCertificate {
  readonly serialNumber: string;
  readonly sha256: string;
  readonly keySha256: string;
  readonly attempt: number;
  readonly board: string;
  readonly state: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly registered: string;
  readonly ended?: string;
  readonly reason?: string;
}

interface DossierDecision {
  readonly verdict: string;
  readonly attempt?: number;
  readonly detail?: string;
  readonly reason?: string;
  readonly by?: string;
  readonly at: string;
}

/** What a signer says of a lot that is closed. `passed` to `held` add up to `ordered`, the number of `units`. */
export interface Dossier {
  readonly format: 'certline-dossier-v1';
  readonly batch: string;
  readonly order: string;
  readonly manifest: string;
  readonly manifestSha256: string;
  readonly accepted: string;
  readonly closed: string;
  readonly written: string;
  readonly counts: DossierCounts;
  readonly decisions: readonly DossierDecision[];
  readonly units: readonly DossierUnit[];
}

export interface DossierCounts {
  readonly ordered: number;
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly held: number;
}

/** The dossier of a batch that is closed, of now. */
export function dossierOf(
  batch: BatchRecord,
  decisions: readonly Decision[],
  units: readonly DossierUnit[],
): Dossier {
  return {
    format: 'certline-dossier-v1',
    batch: batch.batchId,
    order: batch.order,
    manifest: batch.manifest,
    manifestSha256: batch.manifestSha256,
    accepted: batch.importedAt,
    closed: batch.closedAt ?? '',
    written: new Date().toISOString(),
    counts: countsOf(units),
    decisions: decisions.map(decisionOf),
    units,
  };
}

/** How many units there are, and how they ended. */
export function countsOf(units: readonly DossierUnit[]): DossierCounts {
  const count = (wanted: string): number => units.filter(({ outcome }) => outcome === wanted).length;
  return {
    ordered: units.length,
    passed: count('PASS'),
    failed: count('FAIL'),
    errors: count('ERROR'),
    held: count('HOLD'),
  };
}

/** A unit as a dossier has it. */
export function dossierUnit(unit: UnitRecord): DossierUnit {
  const { serial, product, attrs, outcome = 'OPEN', code, certificates, decisions } = unit;
  const active = certificates.find(({ state }) => state === 'active');
  const board = active?.boardId;
  const firmware = active && readBackOf(unit, active.attempt)?.['firmware'];
  return {
    serial,
    product,
    attributes: attrs,
    outcome,
    ...(code !== undefined && { code }),
    ...(board !== undefined && { board }),
    ...(firmware !== undefined && { firmware }),
    attempts: attemptsOf(unit),
    certificates: certificates.map((each) => ({
      serialNumber: each.certificateSerial,
      sha256: each.certificateSha256,
      keySha256: each.spkiSha256,
      attempt: each.attempt,
      board: each.boardId,
      state: each.state,
      notBefore: each.notBefore,
      notAfter: each.notAfter,
      registered: each.registeredAt,
      ...(each.endedAt !== undefined && { ended: each.endedAt }),
      ...(each.reason !== undefined && { reason: each.reason }),
    })),
    decisions: decisions.map(decisionOf),
  };
}

function attemptsOf(unit: UnitRecord): DossierAttempt[] {
  return unit.attempts.map((each) => {
    const readBack = readBackOf(unit, each.attempt);
    return {
      attempt: each.attempt,
      cause: each.cause,
      step: each.step,
      ...(each.stationId !== undefined && { station: each.stationId }),
      ...(each.socket !== undefined && { socket: each.socket }),
      ...(each.boardId !== undefined && { board: each.boardId }),
      ...(each.startedAt !== undefined && { started: each.startedAt }),
      ...(each.finishedAt !== undefined && { finished: each.finishedAt }),
      ...(each.code !== undefined && { code: each.code }),
      ...(each.message !== undefined && { message: each.message }),
      ...(readBack && { readBack }),
    };
  });
}

function readBackOf({ evidence }: UnitRecord, attempt: number): Record<string, string> | undefined {
  const found = evidence.find((each) => each.kind === 'readback' && each.attempt === attempt);
  return found && textsIn(found.body);
}

/** The members of a piece of evidence as texts: numbers with fractions have no one form. */
function textsIn(body: unknown): Record<string, string> {
  const members = Object.entries((body ?? {}) as Record<string, unknown>);
  return Object.fromEntries(members.map(([name, value]) => [name, String(value)]));
}

function decisionOf({
  verdict,
  detail,
  reason,
  by,
  decidedAt,
  ...of
}: Decision & { readonly attempt?: number }): DossierDecision {
  return {
    verdict,
    ...(of.attempt !== undefined && { attempt: of.attempt }),
    ...(detail !== undefined && { detail }),
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
    at: decidedAt,
  };
}
