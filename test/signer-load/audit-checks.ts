import { sha256 } from '../end-to-end/line-evidence.ts';
import { openedNote } from './opened-note.ts';
import type { AuditEvent, RecordEvidence } from './record-evidence.ts';
import type { JournalEntry } from './signature-journal.ts';
import { signedPartOf } from './signed-part.ts';

const GENESIS = '0'.repeat(64);

const STATE_AFTER: Readonly<Record<string, string>> = {
  reserved: 'reserved',
  signing: 'signing',
  issued: 'issued',
  activated: 'active',
  superseded: 'superseded',
  revoked: 'revoked',
  void: 'void',
};

/** 12: each checkpoint is signed, none goes back, and the audit has what each of them saw. */
export function checkpointsExtend({ checkpoints, auditVerifier, audit }: RecordEvidence): string[] {
  let newest = 0;
  return checkpoints.flatMap((note, nth) => {
    const text = openedNote(note, [auditVerifier]);
    if (text === undefined) return [`12: checkpoint ${nth + 1} is not signed by the audit key`];
    const [, said, base64 = ''] = text.split('\n');
    const size = Number(said);
    const found = size === 0 ? GENESIS : audit[size - 1]?.hash;
    if (found !== Buffer.from(base64, 'base64').toString('hex'))
      return [`12: the audit is not the one that was witnessed at entry ${size}`];
    if (size < newest) return [`12: checkpoint ${nth + 1} goes back to entry ${size}`];
    newest = size;
    return [];
  });
}

/** 12: what the audit says became of a request is what the ledger says. */
export function auditAgreesWithLedger({ events, issuances }: RecordEvidence): string[] {
  const said = new Map<string, { state: string; certificate: unknown }>();
  for (const { event, requestId, members } of events) {
    const state = STATE_AFTER[event];
    if (state === undefined || requestId === undefined) continue;
    const certificate = event === 'issued' ? members['sha256'] : said.get(requestId)?.certificate;
    said.set(requestId, { state, certificate });
  }
  const rows = new Map(issuances.map((row) => [row.requestId, row]));
  return [...new Set([...said.keys(), ...rows.keys()])].flatMap((requestId) => {
    const [audited, row] = [said.get(requestId), rows.get(requestId)];
    if (audited === undefined) return [`12: the audit never heard of ${requestId}`];
    if (row === undefined) return [`12: the ledger lost ${requestId}`];
    const fingerprint = row.certificate === null ? undefined : sha256(row.certificate);
    const same = audited.state === row.state && audited.certificate === fingerprint;
    return same ? [] : [`12: ${requestId} is ${row.state}, and the audit says ${audited.state}`];
  });
}

/** Something that the audit says may be signed from now on. */
interface Intent {
  readonly seq: number;
  readonly requestId: string;
  readonly sha256: unknown;
}

/** 5: what was intended is what was certified: the content of each certificate is the one that the audit fixed first. */
export function certificatesAreIntended({ events, issuances }: RecordEvidence): string[] {
  const intended = new Map(intentsIn(events).map(({ requestId, sha256: digest }) => [requestId, digest]));
  return issuances.flatMap(({ requestId, tbs, certificate }) => {
    const digest = intended.get(requestId);
    if (certificate === null) return [];
    if (digest === undefined) return [`5: ${requestId} was signed without an entry`];
    const isSame = sha256(signedPartOf(certificate)) === digest && sha256(tbs) === digest;
    return isSame ? [] : [`5: the certificate of ${requestId} is not the one that was intended`];
  });
}

/**
 * 5: each signature of the CA's key has an entry of its own that was committed before, and each such entry its signature,
 * unless the signer was killed before it could make it.
 */
export function signaturesAreCounted({ events, journal }: RecordEvidence): string[] {
  const intents = intentsIn(events);
  const lives = livesIn(journal);
  return lives.flatMap(({ from, to, signatures, endedInPeace }) => {
    const open = Map.groupBy(
      intents.filter(({ seq }) => seq > from && seq <= to),
      ({ requestId }) => requestId,
    );
    const unfounded = signatures.flatMap(({ requestId, sha256: digest, head }) => {
      const own = open.get(requestId) ?? [];
      const at = own.findIndex((intent) => intent.seq <= head && intent.sha256 === digest);
      if (at !== -1) own.splice(at, 1);
      return at === -1 ? [`5: the key signed for ${requestId}, and no entry was there before`] : [];
    });
    if (!endedInPeace) return unfounded;
    const left = [...open.values()].flat();
    return [
      ...unfounded,
      ...left.map(({ seq, requestId }) => `5: entry ${seq}: the key never signed for ${requestId}`),
    ];
  });
}

/** 5: nothing was recorded as issued for which the key was never asked. */
export function issuedWereSigned({ events, journal }: RecordEvidence): string[] {
  const signed = new Set(journal.map((entry) => (entry.event === 'signature' ? entry.requestId : '')));
  return events
    .filter(({ event, requestId }) => event === 'issued' && !signed.has(requestId ?? ''))
    .map(({ requestId }) => `5: the counter at the key knows no signature for ${requestId}`);
}

/** The content of a certificate is fixed once; later entries of the request mean the same. */
function intentsIn(events: readonly AuditEvent[]): Intent[] {
  const contents = new Map<string, unknown>();
  return events.flatMap(({ seq, event, requestId, members }) => {
    const { tbsSha256 } = members;
    if (event === 'crl-numbered') return [{ seq, requestId: `crl/${tbsSha256}`, sha256: tbsSha256 }];
    if (requestId === undefined || event === 'refused') return [];
    if (tbsSha256 !== undefined && !contents.has(requestId)) contents.set(requestId, tbsSha256);
    return event === 'signing' ? [{ seq, requestId, sha256: contents.get(requestId) }] : [];
  });
}

interface Life {
  /** Entries of the audit that were there before, and at its end. */
  readonly from: number;
  readonly to: number;
  readonly signatures: readonly Extract<JournalEntry, { event: 'signature' }>[];
  readonly endedInPeace: boolean;
}

function livesIn(journal: readonly JournalEntry[]): Life[] {
  const starts = journal.flatMap(({ event }, index) => (event === 'started' ? [index] : []));
  return starts.map((start, nth) => {
    const entries = journal.slice(start, starts[nth + 1]);
    const next = journal[starts[nth + 1] ?? journal.length];
    return {
      from: journal[start]!.head,
      to: next?.head ?? Number.POSITIVE_INFINITY,
      signatures: entries.filter((entry) => entry.event === 'signature'),
      endedInPeace: entries.some(({ event }) => event === 'stopped'),
    };
  });
}
