import { describeCertificate } from '../../pki/lint/certificate-facts.ts';
import { appearanceOf } from '../../registry/golioth/appearance.ts';
import type { Appearance } from '../../registry/golioth/appearance.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { findUnit } from '../unit/find-unit.ts';
import { withGolioth } from './with-golioth.ts';

const SENTENCES: Readonly<Record<Appearance['state'], string>> = {
  connected: 'has connected: its certificate id is the CN of its certificate',
  created: 'has not connected yet: its device waits for the first connect',
  absent: 'has not connected yet: no device has its certificate',
  taken: 'cannot be created under its name, which a device with another certificate has: rename that device',
};

/** `certline cloud golioth device`. Throws `unknown` for a unit without a certificate, `needsPerson` where it has not connected. */
export async function showGoliothDevice(
  invocation: Invocation,
  serial: string,
  { registry, json }: { readonly registry?: string; readonly json?: boolean },
): Promise<void> {
  const unit = await findUnit(invocation, serial);
  const newest = unit.certificates.at(-1);
  const facts = newest && describeCertificate(newest.certificate);
  if (newest === undefined || facts === undefined)
    throw new CommandError('unknown', `The unit ${unit.serial} has no certificate yet.`);
  const { commonName } = facts;
  const appearance = await withGolioth(invocation, registry, (api, signal) =>
    appearanceOf(api, { commonName, boardId: newest.boardId }, signal),
  );
  const { state, name, enabled } = appearance;
  if (json === true) printJson({ serial: unit.serial, commonName, ...appearance });
  const called = name === undefined || name === commonName ? '' : ` It is called "${name}".`;
  const disabled = enabled === false ? ' It is disabled.' : '';
  const sentence = `The unit ${unit.serial} ${SENTENCES[state]}.${called}${disabled}`;
  if (state !== 'connected') throw new CommandError('needsPerson', sentence);
  if (json !== true) printLine(sentence);
}
