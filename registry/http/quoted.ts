import { printable } from '../../provisioning/printable.ts';

/** What is said of a fault is shown up to this length. */
const SAID_CHARACTERS = 200;
const HIDDEN = '[credential]';

/**
 * What a device registry says, fit for a sentence that is logged and kept. Some of them repeat what they were sent, so `secrets`,
 * the credentials that were just used, are replaced in every form. That comes before the text is cut, which could leave half of one.
 */
export function quoted(said: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap(formsOf).toSorted((one, other) => other.length - one.length);
  const shown = forms.reduce((text, form) => text.replaceAll(form, HIDDEN), said);
  return printable(shown).slice(0, SAID_CHARACTERS);
}

/** As it is, in base64, and each of these in an address. The padding of base64 may be left out. */
function formsOf(secret: string): string[] {
  if (secret === '') return [];
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('base64'), bytes.toString('base64url')]
    .map((text) => text.replace(/=+$/, ''))
    .flatMap((text) => [text, ...inAddress(text)]);
}

function inAddress(text: string): string[] {
  const encoded = encodeURIComponent(text);
  return [encoded, encoded.replaceAll(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase())];
}
