import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import type { LineConfig } from '../../line/config.ts';
import {
  auditKeyPath,
  auditVerifierPath,
  caFolder,
  intakeKeyPath,
  permitKeyPath,
  permitVerifierPath,
  stationKeyPath,
} from '../../line/state-folder.ts';
import { intakeKeysFile } from '../../line/trusted-keys.ts';
import { isAuditKey, loadAuditKey } from '../../pki/keys/audit-key.ts';
import { parseVerifier, verifierText } from '../../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import { ensureRoleKey, ensureStationKey, loadStationKey } from '../../pki/keys/station-key.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
import { readPayloadKeys } from '../../temporal/codec/payload-keys.ts';
import { PAYLOAD_KEYS_VARIABLE } from '../../temporal/data-converter.ts';
import { WITNESS_FILES } from '../witness/serve-witness.ts';
import type { Invocation } from '../invocation.ts';
import { fail, failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** A list of public keys, who is in it, and what to type where it lacks somebody. */
interface TrustList {
  readonly check: string;
  readonly path: string;
  readonly cure: string;
  /** Who of this host must be in it. */
  readonly own: readonly NoteVerifier[];
}

/**
 * The keys of the roles of this host, and whom it trusts: each key is there, private and whole, fits its public half, and is in
 * the list of those who are to believe it. Nothing is made.
 */
export function checkKeys(
  { stateFolder, config }: Invocation,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Finding[] {
  const isSigner = isThere(caFolder(stateFolder));
  const intake = keyAt('intake key', intakeKeyPath(stateFolder), (path) => ensureRoleKey(path, 'intake'));
  const permit = keyAt('permit key', permitKeyPath(stateFolder), (path) => ensureRoleKey(path, 'signer'));
  const audit = keyAt('audit key', auditKeyPath(stateFolder), loadAuditKey);
  const own = { intake: intake.keys, permit: permit.keys, audit: audit.keys };
  return [
    ...intake.findings,
    ...permit.findings,
    ...checkPair('permit key', permit.keys, permitVerifierPath(stateFolder)),
    ...audit.findings,
    ...checkPair('audit key', audit.keys, auditVerifierPath(stateFolder)),
    ...checkWitness(stateFolder, config.auditWitness?.key),
    ...listsOf(stateFolder, config, { ...own, isSigner }).flatMap(checkList),
    ...checkAuditKeys(config.stationKeysFile),
    ...checkPayloadKeys(environment[PAYLOAD_KEYS_VARIABLE]),
  ];
}

/** The public half of a key that is there and can be used; what is wrong with one that cannot. */
function keyAt(
  check: string,
  path: string,
  load: (path: string) => { readonly verifier: NoteVerifier },
): { readonly keys: readonly NoteVerifier[]; readonly findings: readonly Finding[] } {
  if (!isThere(path)) return { keys: [], findings: [] };
  try {
    return { keys: [load(path).verifier], findings: [ok(check, path)] };
  } catch (error) {
    return { keys: [], findings: [failure(check, error)] };
  }
}

/** Others believe the key by the text in this file. */
function checkPair(check: string, keys: readonly NoteVerifier[], path: string): Finding[] {
  const [key] = keys;
  if (key === undefined || !isThere(path)) return [];
  if (readFileSync(path, 'utf8').trim() === verifierText(key)) return [];
  const says = `${path} is not the public half of the key: delete it, and start the signer, which writes it again`;
  return [fail(check, 'signer', says)];
}

function listsOf(
  stateFolder: string,
  config: LineConfig,
  own: {
    readonly intake: readonly NoteVerifier[];
    readonly permit: readonly NoteVerifier[];
    readonly audit: readonly NoteVerifier[];
    readonly isSigner: boolean;
  },
): TrustList[] {
  const { signerKeysFile, stationKeysFile, stations } = config;
  const lists: TrustList[] = [];
  if (own.isSigner) {
    const cure = 'type "certline intake enroll" at the orchestrator, then here the command that it prints';
    const path = intakeKeysFile(stateFolder, config);
    lists.push({ check: 'intake list', path, cure, own: own.intake });
  }
  if (signerKeysFile !== undefined && stations.length > 0) {
    const cure = 'copy the text of "certline station signer-key", typed at the signer, into it';
    lists.push({ check: 'signer list', path: signerKeysFile, cure, own: own.permit });
  }
  if (stationKeysFile !== undefined) {
    const cure = 'copy the text of "certline station export", typed at the signer, into it';
    const keys = stations.flatMap(({ id }) => stationKey(stateFolder, id));
    lists.push({ check: 'station list', path: stationKeysFile, cure, own: [...keys, ...own.audit] });
  }
  return lists;
}

/** None where it is missing or broken, which is said of the station. */
function stationKey(stateFolder: string, id: string): NoteVerifier[] {
  const path = stationKeyPath(stateFolder, id);
  try {
    return isThere(path) ? [loadStationKey(path, id).verifier] : [];
  } catch {
    return [];
  }
}

function checkList({ check, path, cure, own }: TrustList): Finding[] {
  try {
    const keys = readVerifierKeys(path);
    if (keys.length === 0) return [nobodyIn(check, `nobody is in ${path}: ${cure}`)];
    if ((statSync(path).mode & 0o022) !== 0)
      return [fail(check, 'configuration', `others can write ${path}: run "chmod go-w ${path}"`)];
    const texts = new Set(keys.map(verifierText));
    const missing = own.find((key) => !texts.has(verifierText(key)));
    if (missing !== undefined)
      return [fail(check, 'configuration', `${path} does not have ${missing.name} of this host: ${cure}`)];
    return [ok(check, `${path}: ${keys.map(({ name }) => name).join(', ')}`)];
  } catch (error) {
    return [failure(check, error)];
  }
}

/** The first start of a line on one host makes its own list of intakes. */
function nobodyIn(check: string, says: string): Finding {
  return check === 'intake list' ? warn(check, says) : fail(check, 'configuration', says);
}

/** Without the key of its audit log, an old copy of the signer's ledger is not noticed by the registry. */
function checkAuditKeys(path: string | undefined): Finding[] {
  if (path === undefined) return [];
  try {
    const keys = readVerifierKeys(path);
    if (keys.length === 0 || keys.some(isAuditKey)) return [];
    const says = `${path} has no key of a signer's audit log: copy the text of "certline station export" into it again`;
    return [warn('station list', says)];
  } catch {
    // Said of the list.
    return [];
  }
}

/** On the host of a witness, whose folder `--state` names; and its key in the configuration of a signer. */
function checkWitness(folder: string, configured: string | undefined): Finding[] {
  const findings: Finding[] = [];
  if (configured !== undefined && parseVerifier(configured) === undefined)
    findings.push(
      fail(
        'witness key',
        'configuration',
        'auditWitness.key is not a public key: copy the whole text of witness.pub of the witness',
      ),
    );
  const path = join(folder, WITNESS_FILES.key);
  const key = keyAt('witness key', path, (at) => ensureStationKey(at, 'certline-witness'));
  findings.push(...key.findings);
  if (key.findings.length === 0) return findings;
  const cure = 'add the text of audit.pub of the signer to it';
  const list = { check: 'witness list', path: join(folder, WITNESS_FILES.signers), cure, own: [] };
  return [...findings, ...checkList(list)];
}

function checkPayloadKeys(path: string | undefined): Finding[] {
  if (path === undefined || path === '') return [];
  try {
    const keys = readPayloadKeys(path);
    return [ok('payload keys', `${path}: ${keys.length}, new payloads are encrypted with ${keys[0]!.id}`)];
  } catch (error) {
    return [failure('payload keys', error)];
  }
}
