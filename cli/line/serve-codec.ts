import { startCodecServer } from '../../temporal/codec/codec-server.ts';
import { EncryptionCodec } from '../../temporal/codec/encryption-codec.ts';
import { readPayloadKeys } from '../../temporal/codec/payload-keys.ts';
import { PAYLOAD_KEYS_VARIABLE } from '../../temporal/data-converter.ts';
import { CommandError } from '../exit-status.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { printLine } from '../terminal/stdout.ts';

const DEFAULT_PORT = 8081;
const DEFAULT_PAGE = 'http://127.0.0.1:8233';

/** `certline codec-server`: runs until it is stopped. */
export async function serveCodec(options: { port?: number; page?: string }): Promise<void> {
  const path = process.env[PAYLOAD_KEYS_VARIABLE] ?? '';
  if (path === '') {
    const message = `${PAYLOAD_KEYS_VARIABLE} names no file of payload keys, so payloads are not encrypted and the UI needs no codec server.`;
    throw new CommandError('configuration', message);
  }
  const page = options.page ?? DEFAULT_PAGE;
  if (!URL.canParse(page) || new URL(page).origin !== page) {
    throw new CommandError(
      'usage',
      `"${page}" is no origin, such as ${DEFAULT_PAGE}: without a path or "/" at its end.`,
    );
  }
  const signal = stopSignal();
  const codec = new EncryptionCodec(readPayloadKeys(path));
  const server = await startCodecServer({ codec, port: options.port ?? DEFAULT_PORT, page });
  printLine(
    `Codec server up. In the Temporal UI, enter http://127.0.0.1:${server.port} as its codec server.`,
  );
  await aborted(signal);
  await server.close();
}
