import addon from '@serialport/bindings-cpp/dist/serialport-bindings.js';
import bindings from '@serialport/bindings-cpp/dist/poller.js';

type Events = (error: Error, events: number) => void;

interface NativePoller {
  poll(events: number): void;
  stop(): void;
  destroy(): void;
}

/** A native poller, and where it reports now. */
interface Lent {
  readonly native: NativePoller;
  report: Events | undefined;
}

const Native = (addon.binding as { Poller: new (fd: number, report: Events) => NativePoller }).Poller;

/** By file descriptor: those that no open port uses. */
const idle = new Map<number, Lent>();

/** In the place of a native poller: one that was of an earlier port with this descriptor, where there is one. */
class LentPoller implements NativePoller {
  readonly #fd: number;
  readonly #lent: Lent;

  constructor(fd: number, report: Events) {
    this.#fd = fd;
    this.#lent = idle.get(fd) ?? newPoller(fd);
    idle.delete(fd);
    this.#lent.report = report;
  }

  poll(events: number): void {
    this.#lent.native.poll(events);
  }

  stop(): void {
    this.#lent.native.stop();
  }

  /** Called after `stop`, before the descriptor is closed. */
  destroy(): void {
    this.#lent.report = undefined;
    idle.set(this.#fd, this.#lent);
  }
}

function newPoller(fd: number): Lent {
  const lent: Lent = {
    native: new Native(fd, (error, events) => lent.report?.(error, events)),
    report: undefined,
  };
  return lent;
}

/**
 * serialport 13 frees no native poller, ever: each port that is opened would cost about 1 kB for as long as the process runs,
 * and a socket that is empty is looked at again and again. From now on there is one for each file descriptor.
 */
export function lendPollers(): void {
  const { Poller } = bindings;
  bindings.Poller = class extends Poller {
    constructor(fd: number) {
      super(fd, LentPoller);
    }
  };
}
