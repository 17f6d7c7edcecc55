import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { cosignRequestText, EMPTY_HEAD, openCosigned } from '../pki/audit/cosignature.ts';
import type { AuditHead, AuditLog } from '../pki/audit/audit-log.ts';
import { stale } from '../pki/audit/audit-witness.ts';
import type { AuditKey } from '../pki/keys/audit-key.ts';
import { parseVerifier } from '../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import { PkiError } from '../pki/pki-error.ts';
import { ConfigError } from './config-error.ts';

/** A witness on another host, as configured: where it is, and its public key. */
export interface WitnessPlace {
  readonly url: string;
  readonly key: string;
}

/** A local network answers in milliseconds; a unit that waits longer would be tried again anyway. */
const TIMEOUT_MS = 5_000;

/** A note with two signatures is a tenth of this. */
const MAX_ANSWER_LENGTH = 8_192;

/** Signers that share a ledger may overtake each other; each turn brings one of them forward. */
const MAX_TURNS = 8;

/** The witness of a signer on another host. Nothing is signed that it has not signed before. */
export class RemoteWitness {
  readonly #url: URL;
  readonly #verifier: NoteVerifier;
  readonly #keyName: string;
  readonly #ledger: AuditLog;
  readonly #agent: Agent;
  /** What it signed last, as far as this process knows. */
  #last: AuditHead = EMPTY_HEAD;

  /** Throws CONFIG_INVALID for a key that is none. */
  constructor({ url, key }: WitnessPlace, auditKey: AuditKey, ledger: AuditLog) {
    const verifier = parseVerifier(key);
    if (verifier === undefined) {
      const message = `The key of the audit witness ${url} is not a verifier key: copy the whole text of its witness.pub.`;
      throw new ConfigError('CONFIG_INVALID', message);
    }
    this.#url = new URL(url);
    this.#verifier = verifier;
    this.#keyName = auditKey.verifier.name;
    this.#ledger = ledger;
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
        ? `the witness ${this.#url.href} has signed entry ${size}, which this ledger does not have`
        : `the witness ${this.#url.href} has signed another entry ${size} than this ledger has`;
    throw stale(what, found === undefined ? 'older' : 'forked');
  }

  #post(body: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const fail = (error: Error): void => {
      const { code = error.message } = error as { code?: string };
      reject(this.#unavailable(`it does not answer: ${code}`, 'connection', error));
    };
    const send = this.#url.protocol === 'https:' ? tlsRequest : request;
    const headers = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) };
    const asked = send(this.#url, { method: 'POST', agent: this.#agent, timeout: TIMEOUT_MS, headers });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', fail);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', fail);
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_LENGTH) response.destroy(new Error('its answer is too long'));
      });
      response.on('end', () => {
        const { statusCode } = response;
        if (statusCode === 200 || statusCode === 409) resolve(text);
        else if (statusCode === 403) reject(this.#unknownKey());
        else reject(this.#unavailable(`it answers with status ${statusCode}`, 'status'));
      });
    });
    asked.end(body);
    return promise;
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
