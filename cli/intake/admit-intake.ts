import { intakeKeysFile, openIntakeKey } from '../../line/trusted-keys.ts';
import { parseVerifier, verifierText } from '../../pki/keys/signed-note.ts';
import { addVerifierKey } from '../../pki/keys/verifier-key-file.ts';
import { PkiError } from '../../pki/pki-error.ts';
import type { Invocation } from '../invocation.ts';
import { tell } from '../terminal/stdout.ts';

/** `certline intake enroll`; again, it prints the same. Throws ROLE_KEY_INVALID. */
export function enrollIntake(stateFolder: string, options: { readonly json?: boolean }): void {
  const key = verifierText(openIntakeKey(stateFolder).verifier);
  const command = `certline intake admit '${key}'`;
  tell(options.json, { key, command }, command);
}

/** `certline intake admit`. Throws VERIFIER_KEY_INVALID. */
export function admitIntake(
  { stateFolder, config }: Invocation,
  key: string,
  options: { readonly json?: boolean },
): void {
  const verifier = parseVerifier(key);
  if (verifier === undefined) {
    const message =
      'This is not the key of an intake: copy all of the text in quotes that "certline intake enroll" printed.';
    throw new PkiError('VERIFIER_KEY_INVALID', message);
  }
  const path = intakeKeysFile(stateFolder, config);
  addVerifierKey(path, verifier);
  const { name } = verifier;
  tell(
    options.json,
    { intake: name, file: path },
    `The intake ${name} is admitted: the signer accepts what it releases`,
  );
}
