/** Why bytes that began like a frame were not one. */
export type FrameDamage = 'crc' | 'length' | 'incomplete' | 'orphan' | 'characters';

/** What a decoder reports, in the order of the stream. */
export interface FrameEvents {
  /** One whole SMP message, header and body; the receiver owns the buffer and may wipe it. */
  message(bytes: Uint8Array, wireBytes: number): void;
  /** Bytes that are not SMP: logs, prompts. Valid during the call only. */
  text(bytes: Uint8Array): void;
  damaged(damage: FrameDamage): void;
}

/** Cuts messages out of a byte stream; never throws, whatever arrives, and holds at most one message. */
export interface FrameDecoder {
  feed(bytes: Uint8Array): void;
  /** Forgets a half-received frame and wipes what it held. */
  reset(): void;
  /** A request went unanswered: whatever was half received then will not be completed. */
  unanswered(): void;
}

/** How SMP messages are put on a link. */
export interface Framing {
  /** Written before each probe, to end whatever line the receiver may be in the middle of. */
  readonly resynchronise: Uint8Array;
  /** Largest message a receiver with default buffers takes in one burst. */
  readonly safeMessageBytes: number;
  /** No larger message passes, whatever the receiver's buffers hold. */
  readonly maxMessageBytes: number;
  /** A receiver may take less in one burst than its buffers hold, and does not say how much. */
  readonly burstLimited: boolean;
  /** Bytes of the receiver's buffer that are not message: length and CRC of the console framing. */
  readonly bufferOverhead: number;
  encode(message: Uint8Array): Uint8Array;
  wireLength(messageBytes: number): number;
  createDecoder(events: FrameEvents): FrameDecoder;
}
