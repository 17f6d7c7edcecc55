import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { cosignRequestText, EMPTY_HEAD, openCosigned } from '../pki/audit/cosignature.ts';
import type { AuditHead, AuditLog } from '../pki/audit/audit-log.ts';
import type { AuditKey } from '../pki/keys/audit-key.ts';
import { parseVerifier } from '../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import { PkiError } from '../pki/pki-error.ts';
import { exchange, NoAnswerInTime } from '../registry/http/exchange.ts';
import type { Exchanged } from '../registry/http/exchange.ts';
import { ConfigError } from './config-error.ts';

/** A witness on another host, as configured: where it is, and its public key. */
export interface WitnessPlace {
  readonly url: string;
  readonly key: string;
}

/** A local network answers in milliseconds; a unit that waits longer would be tried again anyway. */
const DEADLINE_MS = 5_000;

/** A note with two signatures is a tenth of this. */
const MAX_ANSWER_BYTES = 8_192;

/** Signers that share a ledger may overtake each other; each turn brings one of them forward. */
const MAX_TURNS = 8;

/** The witness of a signer on another host. Nothing is signed that it has not signed before. */
export class RemoteWitness {
  readonly #url: URL;
  readonly #verifier: NoteVerifier;
  readonly #keyName: string;
  readonly #ledger: Pick<AuditLog, 'auditHash'>;
  readonly #agent: Agent;
  readonly #deadlineMs: number;
  /** What it signed last, as far as this process knows. */
  #last: AuditHead = EMPTY_HEAD;

  /** Throws CONFIG_INVALID for a key that is none. */
  constructor(
    { url, key }: WitnessPlace,
    auditKey: Pick<AuditKey, 'verifier'>,
    ledger: Pick<AuditLog, 'auditHash'>,
    deadlineMs = DEADLINE_MS,
  ) {
    const verifier = parseVerifier(key);
    if (verifier === undefined) {
      const message = `The key of the audit witness ${url} is not a verifier key: copy the whole text of its witness.pub.`;
      throw new ConfigError('CONFIG_INVALID', message);
    }
    this.#url = new URL(url);
    this.#verifier = verifier;
    this.#keyName = auditKey.verifier.name;
    this.#ledger = ledger;
    this.#deadlineMs = deadlineMs;
    const AgentOf = this.#url.protocol === 'https:' ? TlsAgent : Agent;
    this.#agent = new AgentOf({ keepAlive: true, maxSockets: 1 });
  }

  /**
   * Resolves once the witness has signed this head, of which `note` is a checkpoint, or a later one of the same log. Throws WITNESS_UNAVAILABLE while it
   * does not answer, LEDGER_STALE when it has signed what this ledger does not have.
   */
  async witness(head: AuditHead, note: string): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const held = await this.#ask(note);
      await this.#assertReaches(held);
      this.#last = held;
      if (held.size >= head.size) return;
    }
    throw this.#unavailable('it signs other heads only', 'busy');
  }

  close(): void {
    this.#agent.destroy();
  }

  /** What the witness holds after it was asked to sign this checkpoint. */
  async #ask(note: string): Promise<AuditHead> {
    const answer = await this.#post(cosignRequestText({ old: this.#last, note }));
    const held = openCosigned(answer, this.#verifier);
    if (held !== undefined) return held;
    throw this.#unavailable('its answer is not signed by its key', 'signature');
  }

  async #assertReaches({ size, hash }: AuditHead): Promise<void> {
    const found = size === 0 ? EMPTY_HEAD.hash : await this.#ledger.auditHash(size);
    if (found === hash) return;
    const what =
      found === undefined
        ? `has signed entry ${size}, which this ledger does not have`
        : `has signed another entry ${size} than this ledger has`;
    // Without the first of these, the command would end here again.
    const message = `The audit witness ${this.#url.href} ${what}, so nothing is signed. Restore the newest copy of the ledger. Only if that copy is permanently lost, delete the file "head" in the folder of the witness, then run "certline audit checkpoint --accept-loss" at the signer.`;
    throw new PkiError('LEDGER_STALE', message, { reason: found === undefined ? 'older' : 'forked' });
  }

  async #post(body: string): Promise<string> {
    const { status, body: answer } = await this.#exchange(body);
    if (status === 200 || status === 409) return answer.toString('utf8');
    if (status === 403) throw this.#unknownKey();
    throw this.#unavailable(`it answers with status ${status}`, 'status');
  }

  async #exchange(body: string): Promise<Exchanged> {
    const send = this.#url.protocol === 'https:' ? tlsRequest : request;
    const headers = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) };
    const asked = send(this.#url, { method: 'POST', agent: this.#agent, headers });
    try {
      return await exchange(asked, body, {
        deadlineMs: this.#deadlineMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = error instanceof NoAnswerInTime ? 'timeout' : (code ?? message);
      throw this.#unavailable(`it does not answer: ${why}`, 'connection', error);
    }
  }

  #unknownKey(): PkiError {
    return this.#unavailable(
      `it does not accept the audit key ${this.#keyName}. If that is the key of this signer, add its audit.pub to the signers of the witness`,
      'key',
    );
  }

  #unavailable(why: string, reason: string, cause?: unknown): PkiError {
    const message = `Nothing is signed without the audit witness ${this.#url.href} (${why}): start it, or fix the connection.`;
    return new PkiError('WITNESS_UNAVAILABLE', message, { reason, cause });
  }
}
