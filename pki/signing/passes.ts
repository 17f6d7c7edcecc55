import type { ReportedPass } from '../../provisioning/pass.ts';
import { parseVerifier } from '../keys/signed-note.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import { sha256Hex } from '../x509/p256.ts';
import type { Issuance, Issuances } from './issuances.ts';
import { isPassSigned } from './pass-statement.ts';
import type { Stations } from './stations.ts';

/** What decides about a pass. */
interface PassLedger {
  readonly issuances: Pick<Issuances, 'findIssued'>;
  readonly stations: Pick<Stations, 'station' | 'replacedKeys'>;
}

/** Request ids of passes. */
interface JudgedPasses {
  /** The station that asked for the certificate signed the pass, or nothing is to be proven. */
  readonly proven: readonly string[];
  readonly unproven: readonly string[];
  /** No certificate is there for them. */
  readonly unknown: readonly string[];
}

/**
 * Which of these passes are proven. The key is that of the station now, or one that it has had since its certificate was
 * reserved: boards pass before a station gets another key, and are reported after that.
 */
export async function judgePasses(
  passes: readonly ReportedPass[],
  ledger: PassLedger,
): Promise<JudgedPasses> {
  const [proven, unproven, unknown]: [string[], string[], string[]] = [[], [], []];
  const issued = await ledger.issuances.findIssued(passes.map(({ requestId }) => requestId));
  const stations = await verifiersOf(issued.values(), ledger);
  for (const pass of passes) {
    const issuance = issued.get(pass.requestId);
    // What is signed in this very moment is unknown, too: its pass was not looked at, and no board can have it yet.
    if (issuance === undefined) unknown.push(pass.requestId);
    else
      ((await isPassProven(pass, issuance, { stations, ledger })) ? proven : unproven).push(pass.requestId);
  }
  return { proven, unproven, unknown };
}

/** The keys of the stations, each read once, that asked for these certificates and may ask now. */
async function verifiersOf(
  issuances: Iterable<Issuance>,
  ledger: PassLedger,
): Promise<ReadonlyMap<string, NoteVerifier>> {
  const verifiers = new Map<string, NoteVerifier>();
  for (const stationId of new Set([...issuances].map((issuance) => issuance.stationId ?? ''))) {
    const station = await ledger.stations.station(stationId);
    const verifier = station?.state === 'enrolled' ? parseVerifier(station.verifier) : undefined;
    if (verifier !== undefined) verifiers.set(stationId, verifier);
  }
  return verifiers;
}

/** Nothing is to be proven of what is active, or was issued before stations signed passes. */
async function isPassProven(
  reported: ReportedPass,
  issuance: Issuance,
  known: { readonly stations: ReadonlyMap<string, NoteVerifier>; readonly ledger: PassLedger },
): Promise<boolean> {
  if (issuance.state === 'active' || issuance.stationId === undefined) return true;
  const verifier = known.stations.get(issuance.stationId);
  if (verifier === undefined) return false;
  if (isSignedWith(reported, issuance, verifier)) return true;
  const replaced = await known.ledger.stations.replacedKeys(reported.requestId);
  return replaced.some((key) => isSignedWith(reported, issuance, parseVerifier(key)));
}

function isSignedWith(
  { pass }: ReportedPass,
  issuance: Issuance,
  verifier: NoteVerifier | undefined,
): boolean {
  const { certificate, stationId, attempt } = issuance;
  if (certificate === undefined || verifier === undefined) return false;
  if (pass?.stationId !== stationId || pass?.attempt !== attempt) return false;
  return isPassSigned({ ...issuance, certificateSha256: sha256Hex(certificate) }, pass, verifier);
}
