import { ConsoleDecoder } from './console-decoder.ts';
import {
  consoleFrameLength,
  encodeConsoleFrame,
  LINE_END,
  MAX_MESSAGE_BYTES,
  PACKET_OVERHEAD_BYTES,
  TWO_LINE_MESSAGE_BYTES,
} from './console-frame.ts';
import type { Framing } from './framing.ts';

/** "SMP over console": base64 lines with a CRC, for a UART that may be shared with logs and a shell. */
export const CONSOLE_FRAMING: Framing = {
  resynchronise: Uint8Array.of(LINE_END),
  safeMessageBytes: TWO_LINE_MESSAGE_BYTES,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  burstLimited: true,
  bufferOverhead: PACKET_OVERHEAD_BYTES,
  encode: encodeConsoleFrame,
  wireLength: consoleFrameLength,
  createDecoder: (events) => new ConsoleDecoder(events),
};
