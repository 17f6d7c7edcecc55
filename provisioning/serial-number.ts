/**
 * A unit's serial: upper-case ASCII letters, digits and hyphens, at most 64 characters, no hyphen at either end.
 * 64 is the X.520 upper bound of commonName and serialNumber; the alphabet is the part that Azure DPS, Golioth, file
 * names and CSV cells all accept unchanged.
 */
export const SERIAL_PATTERN = /^[A-Z0-9](?:[A-Z0-9-]{0,62}[A-Z0-9])?$/;

/** True when `text` is a serial that may be provisioned. */
export function isSerial(text: string): boolean {
  return SERIAL_PATTERN.test(text);
}

/** The form in which serials are compared: clouds treat them as case-insensitive, so uniqueness is on this. */
export function foldSerial(serial: string): string {
  return serial.toLowerCase();
}
