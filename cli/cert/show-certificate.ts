import { existsSync } from 'node:fs';
import { withoutUnseen } from '../../manifests/csv/visible-text.ts';
import { describeCertificate } from '../../pki/lint/certificate-facts.ts';
import type { CertificateFacts } from '../../pki/lint/certificate-facts.ts';
import { isThere } from '../../disk/is-there.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import type { Issuance } from '../../pki/signing/issuances.ts';
import { OID } from '../../pki/x509/oids.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import type { Ledger } from '../../pki/ledger/ledger.ts';
import type { SubjectAltName } from '../../provisioning/product.ts';
import { caFolder } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger, withLedgerIfAny } from '../open-ledger.ts';
import { readCertificateFile } from './read-certificate-file.ts';
import { shownExpiry, shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields } from '../terminal/table.ts';

/** The purposes that have a name. */
const PURPOSES: ReadonlyMap<string, string> = new Map(
  (['serverAuth', 'clientAuth'] as const).map((name) => [OID[name], name]),
);

export interface ShowCertificateOptions {
  readonly pem?: boolean;
  readonly json?: boolean;
}

/** A certificate, DER, and the ledger's row of it: either may be missing, not both. */
interface Found {
  readonly certificate: Uint8Array | undefined;
  readonly issuance: Issuance | undefined;
}

/** `certline cert show`. Throws `unknown` where neither a file nor the ledger has what is asked for. */
export async function showCertificate(
  invocation: Invocation,
  which: string,
  options: ShowCertificateOptions,
): Promise<void> {
  const found = existsSync(which)
    ? await withLedgerIfAny(invocation, 'read', (ledger) => fromFile(which, ledger))
    : await withLedger(invocation, 'read', (ledger) => fromLedger(which, ledger));
  const folder = caFolder(invocation.stateFolder);
  const issuers = isThere(folder) ? readCaChain(folder).slice(0, 1) : [];
  if (options.pem === true) printPem(which, found);
  else if (options.json === true) printJson(found.map((each) => documentOf(each, issuers)));
  else for (const each of found) print(each, issuers);
}

async function fromFile(file: string, ledger: Ledger | undefined): Promise<Found[]> {
  const found: Found[] = [];
  for (const certificate of readCertificateFile(file)) {
    const facts = describeCertificate(certificate);
    if (facts === undefined) throw unknown(`${file} contains no complete certificate`);
    const issuance = await ledger?.issuances.issuanceOfCertificate(facts.certificateSha256);
    found.push({ certificate, issuance });
  }
  return found;
}

async function fromLedger(which: string, ledger: Ledger): Promise<Found[]> {
  const single = await ledger.issuances.issuanceOfCertificate(which);
  const ofUnit = single === undefined ? await ledger.issuances.issuancesOf(which) : [single];
  const issuances = ofUnit.length > 0 ? ofUnit : await ledger.issuances.issuancesOfBoard(which);
  if (issuances.length === 0)
    throw unknown(`There is no file ${which}, and no certificate of that name was issued here`);
  return issuances.map((issuance) => ({ certificate: issuance.certificate, issuance }));
}

/** The valid one: the only one, or the newest that is not withdrawn. */
function printPem(which: string, found: readonly Found[]): void {
  const live = found.filter(({ issuance }) => issuance?.state === 'issued' || issuance?.state === 'active');
  const { certificate } = (found.length === 1 ? found[0] : live[0]) ?? {};
  if (certificate === undefined) throw unknown(`${which} has no valid certificate`);
  process.stdout.write(pemOf('CERTIFICATE', certificate));
}

function documentOf({ certificate, issuance }: Found, issuers: readonly Uint8Array[]): object {
  return {
    certificate: certificate === undefined ? null : describeCertificate(certificate, issuers),
    pem: certificate === undefined ? null : pemOf('CERTIFICATE', certificate),
    ledger: issuance === undefined ? null : ledgerFacts(issuance),
  };
}

function ledgerFacts({ tbs: _tbs, certificate: _certificate, requestSha256: _hash, ...facts }: Issuance) {
  return facts;
}

function print({ certificate, issuance }: Found, issuers: readonly Uint8Array[]): void {
  const facts = certificate && describeCertificate(certificate, issuers);
  // Anybody may have made the certificate.
  const fields = certificateFields(facts).map(
    ([label, value]) => [label, value && withoutUnseen(value)] as const,
  );
  printFields([...fields, ...ledgerFields(issuance)]);
  printLine();
}

function certificateFields(facts: CertificateFacts | undefined): [string, string | undefined][] {
  if (facts === undefined) return [['Certificate', 'none was made']];
  return [
    ['Unit', facts.serial],
    ['Subject', `O=${facts.organization}, CN=${facts.commonName}`],
    ['Beside it', facts.subjectAltName?.uri],
    ['Hardware', shownHardware(facts.subjectAltName)],
    ['For', facts.purposes.map((oid) => PURPOSES.get(oid) ?? oid).join(', ') || undefined],
    ['Serial number', facts.certificateSerial],
    ['Valid', `from ${shownTime(facts.notBefore)} ${shownExpiry(facts.notAfter)}`],
    ['SHA-256', facts.certificateSha256],
    ['Key', facts.spkiSha256],
    ['Signed', facts.issuedByUs ? 'by the CA of this line' : 'not by the CA of this line'],
  ];
}

function shownHardware(names: SubjectAltName | undefined): string | undefined {
  const { hwType, hwSerialNum } = names?.hardwareModuleName ?? {};
  return hwType && `${hwSerialNum} (type ${hwType})`;
}

function ledgerFields(issuance: Issuance | undefined): [string, string | undefined][] {
  if (issuance === undefined) return [['Ledger', 'does not know it']];
  return [
    ['Ledger', issuance.state + (issuance.reason === undefined ? '' : ` (${issuance.reason})`)],
    ['Ended', shownTime(issuance.endedAt)],
    ['On hold', issuance.heldAt && `since ${shownTime(issuance.heldAt)}`],
    ['Request', issuance.requestId],
    ['Batch', issuance.batchId],
    ['Board', issuance.boardId],
    ['Reserved', shownTime(issuance.reservedAt)],
  ];
}

function unknown(what: string): CommandError {
  return new CommandError('unknown', `${what}: check the name, and --state.`);
}
