import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { certificatePayload } from '../../activities/certificate-payload.ts';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { signCheckpoint } from '../../pki/audit/audit-checkpoint.ts';
import { createAuditKey } from '../../pki/keys/audit-key.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import type { DeviceKey } from '../../pki/keys/device-key.ts';
import { signRework } from '../../pki/signing/intake-statements.ts';
import { checkPermit, isPermitFresh } from '../../pki/signing/permits.ts';
import { signStatement } from '../../pki/signing/signed-request.ts';
import type { SigningRequest } from '../../pki/signing/signing-desk.ts';
import { sha256Hex } from '../../pki/x509/p256.ts';
import { decidedNow } from '../../provisioning/decision.ts';
import type { Permit, PermitTerms } from '../../provisioning/permit.ts';
import type { ReworkKind } from '../../provisioning/rework.ts';
import { renewalRequestId } from '../../provisioning/signing-request-id.ts';
import {
  batchWorkflowId,
  reworkWorkflowId,
  runIdOf,
  unitWorkflowId,
} from '../../provisioning/workflow-ids.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { registryParts } from '../activities/trust.ts';
import { PRODUCT } from '../fixtures/station/bench.ts';
import { askFor, openDesk, passOf, PERMIT_KEY, STATION } from '../pki/signing/desk.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ORDER = 'PO-1';

/** A batch of the history, with its own manifest. */
interface Batch {
  readonly batchId: string;
  readonly manifestSha256: string;
  readonly serials: readonly string[];
}

/** A certificate that a station got for a unit, and its pass. */
interface Made {
  readonly request: SigningRequest;
  readonly key: DeviceKey;
  readonly register: (changes?: object) => Promise<unknown>;
  readonly activate: () => Promise<unknown>;
  readonly sha256: string;
}

type Activity = (input: never) => Promise<unknown>;

/**
 * A registry and a signer that hear what Temporal brings them, and a stranger who writes down each message with a signature in it. Only
 * what decides is real: stations and workflows are what the test says in their names.
 */
export async function signedHistory() {
  const { desk, ledger, ca, put, database } = await openDesk();
  put({ revision: 2, reissues: 20 });
  const home = join(temporaryFolder(), 'registry');
  mkdirSync(home);
  const path = join(home, 'registry.db');
  const registry = openRegistryFile(path);
  const audit = createAuditKey(join(home, 'audit.key.pem'));
  const parts = registryParts(registry, temporaryFolder(), {
    products: [{ ...PRODUCT, name: 'sensor' }],
    issuers: ca.chain,
    stationKeys: () => [STATION.verifier],
    auditKeys: () => [audit.verifier],
  });
  const roles = { ...createRegistryActivities(parts), ...createSignerActivities(desk) };
  const messages: (() => Promise<unknown>)[] = [];
  const permits: { readonly unit: PermitTerms; readonly permit: Permit }[] = [];
  const batches = new Map<string, Batch>();

  /** Without a signature: nobody can do anything with it again. */
  async function ask<T>(as: string, run: (activities: typeof roles) => Promise<T>): Promise<T> {
    return await asActivity(() => run(roles), Date.now(), as);
  }

  async function say<Name extends keyof typeof roles>(
    name: Name,
    input: Parameters<(typeof roles)[Name]>[0],
    as = 'somebody',
  ): Promise<Awaited<ReturnType<(typeof roles)[Name]>>> {
    const run = () => asActivity(() => (roles[name] as Activity)(input as never), Date.now(), as);
    messages.push(run);
    return (await run()) as Awaited<ReturnType<(typeof roles)[Name]>>;
  }

  const unitOf = (serial: string, attempt: number): PermitTerms => {
    const { batchId } = [...batches.values()].find(({ serials }) => serials.includes(serial))!;
    return { batchId, order: ORDER, serial, product: 'sensor', attempt };
  };

  const loaded = async (batchId: string, supplement?: number) => {
    const run = { batchId, ...(supplement !== undefined && { supplement }) };
    const { rows, ...word } = await ask('somebody', (role) => role.loadChunk({ ...run, chunk: 1 }));
    const { manifestSha256, serials } = batches.get(batchId)!;
    const terms = { batchId, order: ORDER, manifestSha256, quantity: serials.length, ...word };
    return { terms, units: rows.filter(({ outcome }) => outcome === undefined) };
  };

  return {
    ledger,
    registry,

    /** The manifest of a batch is accepted, and the signer releases its units. */
    release: async (batch: Batch): Promise<void> => {
      const { batchId, manifestSha256, serials } = batch;
      batches.set(batchId, batch);
      const known = { batchId, order: ORDER, manifest: `${batchId}.csv`, manifestSha256 };
      await registry.importBatch({ ...known, quantity: serials.length }, rowsOf(serials));
      const { terms, units } = await loaded(batchId);
      await say('releaseUnits', { ...terms, units });
    },

    /** Units that ended run again. Returns the attempts with which they do. */
    runAgain: async (batchId: string, number: number, choice = {}): Promise<Map<string, number>> => {
      await registry.openSupplement({ batchId, number, choice, decision: decidedNow('rerun') });
      const { terms, units } = await loaded(batchId, number);
      const released = await say('releaseAttempts', {
        ...terms,
        run: runIdOf(batchId, number),
        units: units.map(({ serial, product, attempt = 0 }) => ({ serial, product, attempt })),
      });
      return new Map(released.map(({ serial, attempt }) => [serial, attempt]));
    },

    /** A further attempt is permitted. */
    permit: async (serial: string, attempt: number): Promise<Permit> => {
      const unit = unitOf(serial, attempt);
      const release = await ask(unitWorkflowId(serial), (role) => role.releaseAttempt({ unit }));
      const permitted = await say('permitAttempt', { unit, release });
      permits.push({ unit: { ...unit, attempt: permitted.attempt }, permit: permitted.permit });
      return permitted.permit;
    },

    /** A station makes a key for an attempt, or has it, and gets a certificate; its log had come as far as it says. */
    make: async (
      serial: string,
      attempt: number,
      {
        permit,
        key = generateDeviceKey(),
        isRenewal = false,
        size,
      }: {
        readonly permit?: Permit;
        readonly key?: DeviceKey;
        readonly isRenewal?: boolean;
        readonly size?: number;
      } = {},
    ): Promise<Made> => {
      const unit = unitOf(serial, attempt);
      const { boardId: _any, ...terms } = unit;
      const asked = askFor(serial, key, new Date().toISOString(), { ...terms, ...(permit && { permit }) });
      const requestId = isRenewal ? renewalRequestId(unit, key.spkiSha256) : asked.statement.requestId;
      const statement = { ...asked.statement, requestId };
      const request = { ...asked, statement, signature: signStatement(statement, STATION.privateKey) };
      const { boardId, spkiSha256, at } = statement;
      const claim = { stationId: 'st-1', socket: '1', boardId };
      const { signature } = request;
      await say('signCertificate', {
        requestId,
        unit,
        claim,
        spkiSha256,
        csr: Buffer.from(request.csr).toString('base64'),
        signed: { at, signature },
        ...(statement.permit && { permit: statement.permit }),
      });
      const record = await desk.sign(request, { askedAt: new Date(), now: new Date() });
      const head = { ...(await ledger.auditLog.auditHead()), at: new Date().toISOString() };
      const seen = size === undefined ? head : { ...head, size, hash: sha256Hex(Buffer.from(`${size}`)) };
      const checkpoint = signCheckpoint(seen, audit.verifier, audit.privateKey);
      const { pass } = passOf(request, record);
      return {
        request,
        key,
        sha256: record.certificateSha256,
        register: (changes = {}) =>
          say(
            'registerDevice',
            {
              unit,
              claim,
              signed: { ...certificatePayload(record), checkpoint },
              spkiSha256,
              startedAt: at,
              verified: { verifiedAt: pass!.verifiedAt, evidence: {}, pass: pass! },
              ...changes,
            },
            unitWorkflowId(serial),
          ),
        activate: () => say('activateCertificates', { passes: [{ requestId, pass: pass! }] }),
      };
    },

    /** A unit ends without a pass, and what it got is withdrawn. */
    end: async (serial: string, attempt: number, key?: DeviceKey): Promise<void> => {
      const unit = unitOf(serial, attempt);
      const failed = { unit, step: 'flashCredentials', code: 'CANCELLED', outcome: 'HOLD' } as const;
      const word = await ask(unitWorkflowId(serial), (role) =>
        role.recordFailure({ ...failed, ...(key && { spkiSha256: key.spkiSha256 }) }),
      );
      const ended = word?.ended && { ended: word.ended };
      await say('revokeCertificate', { unit, reason: 'cancelled', ...ended });
    },

    /** A run of the batch ends; its units that were never begun are given back. */
    close: async (batchId: string, supplement?: number): Promise<void> => {
      await registry.endOpenUnits(batchId, 'HOLD', 'CLOSED_SHORT', supplement);
      const page = await ask(batchWorkflowId(batchId), (role) => role.neverBegun({ batchId, after: 0 }));
      const { serials, next: _none, ...word } = page;
      if (serials.length > 0) await say('returnUnits', { batchId, serials, ...word });
      await registry.freeUnits(batchId, serials);
      await registry.closeBatch(batchId, supplement);
    },

    /** A person asks for a rework of a unit. */
    rework: async (reworkId: string, kind: ReworkKind, serial: string) => {
      const said = { reason: 'why', by: 'A. Smith', askedAt: new Date().toISOString() };
      const asked = { reworkId, kind, ...said, serials: [serial] };
      const signed = signRework(asked, parts.intake.privateKey);
      const { units } = await say('openRework', { ...asked, signed }, reworkWorkflowId(reworkId));
      const [unit] = units;
      await say('releaseRework', {
        ...asked,
        signed,
        units: [{ serial, product: 'sensor', order: ORDER }],
      });
      const keep = async (attempt: number): Promise<void> => {
        const end = { reworkId, unit: unitOf(serial, attempt), result: 'kept' } as const;
        await ask(unitWorkflowId(serial), (role) => role.endReworkUnit(end));
        await ledger.issuances.endRework({ reworkId, serial, attempt, revokesActive: false });
      };
      return { attempt: unit!.attempt, supersedesAttempt: unit!.oldAttempt, keep };
    },

    /** The stranger sends all again that was ever signed, the oldest last or first, whatever the roles answer. */
    sendAllAgain: async ({ isOldestLast }: { readonly isOldestLast: boolean }): Promise<void> => {
      for (const send of isOldestLast ? messages.toReversed() : [...messages])
        await send().catch(() => undefined);
    },

    /** All that ledger and registry hold. Refusals are in the audit log; nothing else of a refusal is. */
    contents: (): Record<string, unknown[]> => ({
      ...contentsOf('ledger', database),
      ...contentsOf('registry', path),
    }),

    /** Permits of before with which a station would remove or renew a certificate that is active. */
    licences: async (): Promise<string[]> => {
      const found: string[] = [];
      for (const { unit, permit } of permits) {
        checkPermit(unit, { permit, boardId: 'any' }, [PERMIT_KEY.verifier]);
        const live = await ledger.issuances.liveIssuance(unit.serial);
        if (live?.state !== 'active' || !isPermitFresh(permit)) continue;
        const isNamed = permit.replaces?.includes(sha256Hex(live.certificate!)) ?? false;
        if (isNamed || permit.renews === live.spkiSha256)
          found.push(`${unit.serial} attempt ${unit.attempt}`);
      }
      return found;
    },
  };
}

async function* rowsOf(serials: readonly string[]) {
  for (const serial of serials) yield { serial, product: 'sensor', attrs: {} };
}

function contentsOf(name: string, path: string): Record<string, unknown[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all();
  const contents = tables.map(({ name: table }) => {
    const rows = database.prepare(`SELECT * FROM ${String(table)}`).all();
    return [`${name}.${String(table)}`, table === 'audit' ? decisionsIn(rows) : rows] as const;
  });
  database.close();
  return Object.fromEntries(contents);
}

function decisionsIn(entries: readonly Record<string, unknown>[]): unknown[] {
  return entries.map(({ body }) => body).filter((body) => !String(body).includes('"event":"refus'));
}
