import { IMAGE_STATE } from '../../smp/requests/image-requests.ts';
import { OS_BOOTLOADER, OS_ECHO, OS_PARAMETERS, OS_INFO } from '../../smp/requests/os-requests.ts';
import { readHardwareId } from '../../smp/hardware-id.ts';
import type { BoardReport, ReportedImage } from './board-report.ts';
import type { Inquiry } from './inquiry.ts';

/** Asks which board and which firmware this is, and how fast it answers. */
export async function askFirmware(inquiry: Inquiry, report: BoardReport): Promise<void> {
  const { client, signal } = inquiry;
  report.answerMs = await shortestAnswerMs(inquiry);
  report.hardwareId =
    (await inquiry.ask('hardwareId', 'shell', () => readHardwareId(client, { signal }))) ?? null;
  const { firmware } = report;
  firmware.kernel =
    (await inquiry.ask('kernel', 'info', () => client.request(OS_INFO, { format: 'sv' }, { signal }))) ??
    null;
  // Where the first letter is unknown, so are the others: one reason is enough.
  if (firmware.kernel !== null) {
    firmware.platform =
      (await inquiry.ask('platform', 'info', () => client.request(OS_INFO, { format: 'i' }, { signal }))) ??
      null;
    firmware.build =
      (await inquiry.ask('build', 'build', () => client.request(OS_INFO, { format: 'b' }, { signal }))) ??
      null;
  }
  firmware.bootloader =
    (await inquiry.ask('bootloader', 'bootloader', () =>
      client.request(OS_BOOTLOADER, undefined, { signal }),
    )) ?? null;
  firmware.images = (await inquiry.ask('images', 'images', () => images(inquiry))) ?? [];
}

/** Asks for the board's buffers. */
export async function askBuffers(inquiry: Inquiry, report: BoardReport): Promise<void> {
  const { client, signal } = inquiry;
  const told = await inquiry.ask('buffers', 'buffers', () =>
    client.request(OS_PARAMETERS, undefined, { signal }),
  );
  if (told === undefined) return;
  const { bufferBytes, bufferCount } = told;
  report.buffers = {
    bytes: bufferBytes,
    count: bufferCount,
    largestMessageBytes: client.limit.ceilingBytes,
  };
}

/** A refusal is an answer, too. */
async function shortestAnswerMs({ client, signal }: Inquiry): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now();
    await client.ask(OS_ECHO, { text: 'certline' }, { signal });
    times.push(performance.now() - startedAt);
  }
  return Math.round(Math.min(...times) * 10) / 10;
}

async function images({ client, signal }: Inquiry): Promise<ReportedImage[]> {
  const found = await client.request(IMAGE_STATE, undefined, { signal });
  return found.map(({ slot, version, hash, active, confirmed }) => ({
    slot,
    version,
    hash: hash === undefined ? null : Buffer.from(hash).toString('hex'),
    active,
    confirmed,
  }));
}
