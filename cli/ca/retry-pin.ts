import { isThere } from '../../disk/is-there.ts';
import { forgetRefused } from '../../pki/signers/pkcs11-pin.ts';
import { pinRefusalPath } from '../../line/state-folder.ts';
import { confirm } from '../confirm.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { tell } from '../terminal/stdout.ts';

/**
 * `certline ca retry-pin`: the signer forgets that the token refused its PIN. Throws `configuration` where no token is
 * configured, `usage` where nobody can be asked, `refused` when the answer is no.
 */
export async function retryPin(
  { stateFolder, config: { pkcs11 } }: Invocation,
  options: { readonly yes?: boolean; readonly json?: boolean },
): Promise<void> {
  if (pkcs11 === undefined)
    throw new CommandError(
      'configuration',
      'The configuration names no token: see "pkcs11" in docs/signer/ca.md.',
    );
  const { token, pinFile } = pkcs11;
  const refusalFile = pinRefusalPath(stateFolder);
  const isCleared = isThere(refusalFile);
  if (isCleared) {
    const question = `Let the signer try the PIN in ${pinFile} again? If it is wrong, the token ${token} may lock.`;
    await confirm('try a refused PIN again', question, options);
    forgetRefused(refusalFile);
  }
  tell(
    options.json,
    { token, pinFile, isCleared },
    isCleared
      ? `The signer tries the PIN in ${pinFile} once more: within a minute if it runs, else when it starts.`
      : `It is not recorded here that the token ${token} refused a PIN: there is nothing to clear.`,
  );
}
