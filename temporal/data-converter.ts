import { extname, join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { EncryptionCodec } from './codec/encryption-codec.ts';
import { readPayloadKeys } from './codec/payload-keys.ts';
import { KeyGuardCodec } from './key-guard-codec.ts';

/** Names the file with the payload keys; without it payloads are not encrypted. */
export const PAYLOAD_KEYS_VARIABLE = 'CERTLINE_PAYLOAD_KEYS';

/** What makes payloads of the words of failures: for clients, workers and workflows alike. */
export const ENCODED_FAILURES = join(
  import.meta.dirname,
  'codec',
  `encoded-failures${extname(import.meta.filename)}`,
);

let made: DataConverter | undefined;

/**
 * Guards every payload of clients and workers alike, and encrypts it, and the words of failures, where `CERTLINE_PAYLOAD_KEYS` names
 * a file of keys.
 * All roles and commands of a line need the same file. Throws `PayloadKeysError`.
 */
export function lineDataConverter(): DataConverter {
  return (made ??= makeDataConverter(process.env[PAYLOAD_KEYS_VARIABLE]));
}

/** The same for a given file; an empty name is none. */
export function makeDataConverter(keysFile: string | undefined): DataConverter {
  // Encoded from the first codec to the last: the guard sees what is to be encrypted.
  const guard = new KeyGuardCodec();
  if (keysFile === undefined || keysFile === '') return { payloadCodecs: [guard] };
  const encryption = new EncryptionCodec(readPayloadKeys(keysFile));
  return { payloadCodecs: [guard, encryption], failureConverterPath: ENCODED_FAILURES };
}
