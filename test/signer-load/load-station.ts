import { createHash, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import type { DeviceKey } from '../../pki/keys/device-key.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import type { StationKey } from '../../pki/keys/station-key.ts';
import { signPermit } from '../../pki/signing/permits.ts';
import { signStatement } from '../../pki/signing/signed-request.ts';
import type { SignCertificateInput } from '../../provisioning/signing.ts';
import type { UnitAttempt } from '../../provisioning/unit.ts';
import { signingRequestId } from '../../provisioning/signing-request-id.ts';

/** A station as the load plays it: any number of sockets, at no pace of its own. */
export interface LoadStation {
  readonly stationId: string;
  readonly privateKey: KeyObject;
  readonly verifier: string;
}

/** What a request says beside its unit; what is not given is as it should be. */
export interface RequestTerms {
  readonly station: LoadStation;
  readonly boardId: string;
  readonly key?: DeviceKey;
  readonly csr?: Uint8Array;
  readonly requestId?: string;
  /** How far the station's clock is off. */
  readonly clockOffsetMs?: number;
}

/** Nothing but the key is taken from a CSR. */
export const CSR_SUBJECT = { serial: 'ANY-SERIAL' } as const;

/** The key of the signer's permits: the load permits itself every attempt that it asks for. */
export const PERMIT_KEY = roleKey('signer');

/** Signs what the load releases. */
export const INTAKE_KEY = roleKey('intake');

function roleKey(name: string): StationKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { privateKey, verifier: noteVerifierOf(name, privateKey) };
}

export function newStation(stationId: string): LoadStation {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { stationId, privateKey, verifier: verifierText(noteVerifierOf(stationId, privateKey)) };
}

/** A request of a station, as its claim activity makes it. */
export function requestOf(unit: UnitAttempt, terms: RequestTerms): SignCertificateInput {
  const { station, boardId, key = generateDeviceKey() } = terms;
  const { spkiSha256 } = key;
  const { stationId } = station;
  const requestId = terms.requestId ?? signingRequestId(unit, spkiSha256);
  const at = new Date(Date.now() + (terms.clockOffsetMs ?? 0)).toISOString();
  const permit = signPermit(unit, PERMIT_KEY.privateKey);
  const statement = { ...unit, requestId, stationId, boardId, spkiSha256, permit, at };
  return {
    requestId,
    unit,
    claim: { stationId, socket: '1', boardId },
    csr: Buffer.from(terms.csr ?? key.createCsr(CSR_SUBJECT)).toString('base64'),
    spkiSha256,
    signed: { at, signature: signStatement(statement, station.privateKey) },
    permit,
  };
}

/** A hardware id of its own for each name. */
export const boardNamed = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, 24);
