import { openPermitKey } from '../../line/trusted-keys.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printLine } from '../terminal/stdout.ts';

/** `certline station export`: of those whose requests are accepted now. Throws `unknown` where there is no ledger. */
export async function exportStations(invocation: Invocation): Promise<void> {
  await withLedger(invocation, 'read', async ({ stations }) => {
    for (const { state, verifier } of await stations.stations())
      if (state === 'enrolled') printLine(verifier);
  });
}

/** `certline station signer-key`: the key is made where there is none yet. Throws ROLE_KEY_INVALID. */
export function exportSignerKey(stateFolder: string): void {
  printLine(verifierText(openPermitKey(stateFolder).verifier));
}
