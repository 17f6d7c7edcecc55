import type { Issuance } from '../../pki/signing/issuances.ts';
import { REVOCATION_REASONS } from '../../pki/x509/revocation-reason.ts';
import type { RevocationReason } from '../../pki/x509/revocation-reason.ts';
import { PkiError } from '../../pki/pki-error.ts';
import type { Ledger } from '../../pki/ledger/ledger.ts';
import { confirm } from '../confirm.ts';
import { decisionInput } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

/** What can be done to a certificate, and what is said when it is. */
const SAID = { revoke: 'is revoked', hold: 'is on hold', release: 'is no longer on hold' } as const;

type Withdrawal = keyof typeof SAID;

/** Revocations by persons within an hour, beyond which each is an alarm: a fleet is not revoked by routine. */
const REVOCATIONS_AN_HOUR = 20;
const HOUR_MS = 3_600_000;

export interface WithdrawOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly yes?: boolean;
  readonly beyondLimit?: boolean;
  readonly json?: boolean;
}

/**
 * `certline cert revoke`, `hold` and `release`; each may be repeated. Throws `unknown` when the ledger has no such
 * certificate, `refused` when its state does not allow it.
 */
export async function withdrawCertificate(
  invocation: Invocation,
  withdrawal: Withdrawal,
  which: string,
  options: WithdrawOptions,
): Promise<void> {
  const issuance = await withLedger(invocation, 'update', async (ledger) => {
    const found = await findOne(ledger, which, withdrawal);
    await withdraw(ledger, found, withdrawal, options);
    return (await ledger.issuances.find(found.requestId))!;
  });
  const { serial, certificateSerial, state, reason, heldAt } = issuance;
  if (options.json === true) {
    const { requestId } = issuance;
    printJson({
      serial,
      certificateSerial,
      requestId,
      state,
      reason: reason ?? null,
      heldAt: heldAt ?? null,
    });
    return;
  }
  printLine(`The certificate ${certificateSerial} of ${serial} ${SAID[withdrawal]}.`);
  printLine('A running signer updates the revocation list within a minute; to do it now: certline ca crl');
}

/** By a certificate's own name, or the live one of a unit. */
async function findOne(ledger: Ledger, which: string, withdrawal: Withdrawal): Promise<Issuance> {
  const single =
    (await ledger.issuances.issuanceOfCertificate(which)) ?? (await ledger.issuances.liveIssuance(which));
  if (single !== undefined) return single;
  const ended = await ledger.issuances.issuancesOf(which);
  if (ended.length === 0)
    throw new CommandError(
      'unknown',
      `No certificate was issued here as ${which}: check the name, and --state.`,
    );
  const names = ended.map(({ certificateSerial, state }) => `${certificateSerial} (${state})`).join(', ');
  const message = `${which} has no valid certificate. To ${withdrawal} an earlier one, give its serial number: ${names}.`;
  throw new CommandError('refused', message);
}

async function withdraw(
  ledger: Ledger,
  issuance: Issuance,
  withdrawal: Withdrawal,
  options: WithdrawOptions,
): Promise<void> {
  const { requestId, state, certificateSerial } = issuance;
  switch (withdrawal) {
    case 'revoke':
      await revoke(ledger, issuance, options);
      return;
    case 'hold':
      await hold(ledger, requestId, certificateSerial);
      return;
    case 'release':
      if (!(await ledger.withdrawals.endHold(requestId)))
        throw new CommandError(
          'refused',
          `The certificate ${certificateSerial} is not on hold (it is ${state}), so there is nothing to release.`,
        );
  }
}

/** Throws `usage` where nobody can be asked, `refused` when the answer is no or too many were revoked. */
async function revoke(
  ledger: Ledger,
  { requestId, serial, state, certificateSerial }: Issuance,
  options: WithdrawOptions,
): Promise<void> {
  const reason = checkedReason(options.reason);
  const { by } = decisionInput(options);
  if (state === 'active') {
    const question = `Revoke the active certificate ${certificateSerial} of ${serial}? The unit may have shipped; this cannot be undone.`;
    await confirm('revoke an active certificate', question, options);
  }
  await checkRate(ledger, { requestId, by: by! }, options);
  await ledger.issuances.revoke(requestId, reason, by!);
}

async function checkRate(
  ledger: Ledger,
  asked: { readonly requestId: string; readonly by: string },
  { beyondLimit = false }: WithdrawOptions,
): Promise<void> {
  const recent = await ledger.issuances.revokedByHandSince(new Date(Date.now() - HOUR_MS).toISOString());
  if (recent < REVOCATIONS_AN_HOUR) return;
  await ledger.auditLog.raiseRevocationAlarm({ ...asked, recent });
  if (beyondLimit) return;
  const message = `${recent} certificates were revoked by hand within an hour, and each further one is an alarm in the audit log: find out who revokes them, then add --beyond-limit.`;
  throw new CommandError('refused', message);
}

/** Whether a certificate may be held is decided by the ledger. Throws `refused` for one that was withdrawn. */
async function hold(ledger: Ledger, requestId: string, certificateSerial: string): Promise<void> {
  try {
    await ledger.withdrawals.hold(requestId);
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'CERTIFICATE_WITHDRAWN') throw error;
    const message = `The certificate ${certificateSerial} is withdrawn already, so it cannot be put on hold: see "certline cert show ${certificateSerial}".`;
    throw new CommandError('refused', message, { cause: error });
  }
}

function checkedReason(reason: string | undefined): RevocationReason {
  const known = REVOCATION_REASONS.find((candidate) => candidate === reason);
  if (known !== undefined) return known;
  throw new CommandError('usage', `The reason must be one of ${REVOCATION_REASONS.join(', ')}.`);
}
