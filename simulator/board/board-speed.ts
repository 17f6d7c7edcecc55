// How fast a virtual board is. Zero everywhere is `instant`.

/** Times of the wire, the flash and the firmware; all may be 0. */
export interface BoardSpeed {
  /** 8N1, 10 bits a byte; 0 means that bytes take no time. */
  readonly baudRate: number;
  readonly flashProgramMsPerByte: number;
  readonly flashEraseMsPerBlock: number;
  /** From a complete request to the first byte of its answer, flash work not counted. */
  readonly handlingMs: number;
  /** How long the work queue keeps a line buffer: in a burst, lines beyond the buffers are lost. */
  readonly lineHandlingMs: number;
}

/**
 * `instant`: nothing takes time, but a burst still overruns the line buffers: 1 ms is the lower end of the gap clients
 * leave between lines on USB and ptys (smp.md §2). `realistic`: 115200 8N1; internal flash of the nRF52840 (product
 * specification, NVMC: 41 µs per 32-bit word, 85 ms per 4 KiB page, both maxima); 1 ms for decoding and dispatch and
 * 0.2 ms per line are estimates for a 64 MHz Cortex-M4.
 */
export const BOARD_SPEEDS = {
  instant: {
    baudRate: 0,
    flashProgramMsPerByte: 0,
    flashEraseMsPerBlock: 0,
    handlingMs: 0,
    lineHandlingMs: 1,
  },
  realistic: {
    baudRate: 115_200,
    flashProgramMsPerByte: 0.041 / 4,
    flashEraseMsPerBlock: 85,
    handlingMs: 1,
    lineHandlingMs: 0.2,
  },
} as const satisfies Record<string, BoardSpeed>;

/** A named speed or figures of one's own. */
export type BoardSpeedChoice = keyof typeof BOARD_SPEEDS | BoardSpeed;

/** The figures behind a choice. */
export function boardSpeed(choice: BoardSpeedChoice): BoardSpeed {
  return typeof choice === 'string' ? BOARD_SPEEDS[choice] : choice;
}
