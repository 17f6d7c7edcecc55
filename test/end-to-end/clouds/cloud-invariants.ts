import { repeated, rowsOf, sha256 } from '../line-evidence.ts';
import type { CloudState } from './every-cloud.ts';

interface Issued {
  readonly serial: string;
  readonly state: string;
  readonly certificate: Uint8Array | null;
}

/**
 * 8 and 9, of clouds: each has exactly what the ledger calls active, once, and nothing that the ledger does not know. Judged by the
 * ledger's file and the state of the clouds alone. Returns what does not hold.
 */
export function cloudViolations(ledger: string, clouds: readonly CloudState[]): string[] {
  const signed = rowsOf<Issued>(
    ledger,
    'SELECT serial, state, certificate FROM issuance JOIN released_serial USING (serial_folded)',
  ).flatMap(({ serial, state, certificate }) =>
    certificate === null ? [] : [{ serial, state, certificate: sha256(certificate) }],
  );
  return clouds.flatMap(({ name, knowsBy, inUse, ended }) => {
    const known = new Set(signed.map((each) => each[knowsBy]));
    const active = new Set(signed.filter(({ state }) => state === 'active').map((each) => each[knowsBy]));
    return [
      ...[...active].filter((each) => !inUse.includes(each)).map((each) => `8: ${name} lacks ${each}`),
      ...inUse.filter((each) => !active.has(each)).map((each) => `8: ${name} has ${each}, which has ended`),
      ...repeated(inUse).map((each) => `8: ${name} has ${each} twice`),
      ...ended.filter((each) => active.has(each)).map((each) => `8: ${name} refuses ${each}`),
      ...[...inUse, ...ended]
        .filter((each) => !known.has(each))
        .map((each) => `9: ${name} has ${each}, which was never signed`),
    ];
  });
}
