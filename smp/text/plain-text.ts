// oxlint-disable-next-line no-control-regex -- ESC begins the colour and cursor sequences of Zephyr's shell and logs
const ANSI_SEQUENCE = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Text of a board without colours, cursor movements and carriage returns. */
export function plainText(text: string): string {
  return text.replaceAll(ANSI_SEQUENCE, '').replaceAll('\r', '');
}
