// The shell transport's ear (subsys/mgmt/mcumgr/transport/src/smp_shell.c): frames are picked out of the bytes of each
// interrupt before the line editor sees them, but only from the front of what one interrupt read.

type Detector = 'none' | 'first-armed' | 'later-armed' | 'inside';

const FIRST_MARKER = [0x06, 0x09] as const;
const LATER_MARKER = [0x04, 0x14] as const;
const NEWLINE = 0x0a;
/** A frame buffer's size; what is longer is cut without a word. */
const FRAME_MAX = 127;

/** What one interrupt read, sorted. */
export interface ShellBytes {
  /** Bytes of frames, markers and newlines included. */
  readonly frames: Uint8Array;
  /** The rest, for the line editor. */
  readonly text: Uint8Array;
}

/** Sorts the bytes of a UART that shell and SMP share. */
export class ShellInput {
  #state: Detector = 'none';
  #frameLength = 0;

  /**
   * Sorts what one interrupt read. From its first byte that is not SMP's on, all of it is text, a frame in it too. A
   * lone 06 or 04 arms the detector permanently: only its own second byte, at the front of what an interrupt reads,
   * gets it on.
   */
  sort(chunk: Uint8Array): ShellBytes {
    const frames: number[] = [];
    let used = 0;
    for (const byte of chunk) {
      if (!this.#takes(byte)) break;
      used++;
      if (byte === NEWLINE || this.#frameLength++ < FRAME_MAX - 1) frames.push(byte);
      if (byte === NEWLINE && this.#state === 'inside') this.#state = 'none';
    }
    return { frames: Uint8Array.from(frames), text: chunk.subarray(used) };
  }

  #takes(byte: number): boolean {
    if (this.#state === 'inside') return true;
    if (this.#state !== 'none') return this.#completes(byte);
    if (byte !== FIRST_MARKER[0] && byte !== LATER_MARKER[0]) return false;
    this.#state = byte === FIRST_MARKER[0] ? 'first-armed' : 'later-armed';
    this.#frameLength = 0;
    return true;
  }

  #completes(byte: number): boolean {
    const [, second] = this.#state === 'first-armed' ? FIRST_MARKER : LATER_MARKER;
    if (byte !== second) return false;
    this.#state = 'inside';
    return true;
  }
}
