/**
 * What may be done to a unit that passed. renew: a new certificate for the key that its board holds. rekey: its board is
 * wiped and gets a new key and certificate. swap: a blank board takes the place of its board. scrap: it never ships; its
 * board is wiped if it is in a socket.
 */
export type ReworkKind = 'renew' | 'rekey' | 'swap' | 'scrap';

/** True where the old certificate is used until the new one is proven on a board; the other kinds wipe the board first. */
export function keepsOldCertificate(kind: ReworkKind): boolean {
  return kind === 'renew' || kind === 'swap';
}
