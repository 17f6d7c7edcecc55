// The faults one board has now, and what they do at each point where a board can go wrong.

import type { BoardFault, FaultKind } from '../faults.ts';
import { FAULTS } from '../faults.ts';
import type { FirmwareProfile } from '../firmware-profile.ts';
import type { FlashFaults } from '../flash/flash-image.ts';
import { RC } from '../smp/smp-answer.ts';

interface ActiveFault {
  readonly fault: BoardFault;
  requests: number;
  answers: number;
  uploadBytes: number;
}

/** What happens to one request on its way in. */
export interface RequestFate {
  readonly copies: 0 | 1 | 2;
  readonly delayMs: number;
  readonly reset: boolean;
  readonly crash: boolean;
  /** From now on the port takes nothing. */
  readonly stuck: boolean;
}

/**
 * The list of faults of a board, with their counters. Faults that happen once leave the list when they have happened.
 */
export class BoardFaults {
  readonly #active: ActiveFault[] = [];
  readonly #onChange: () => void;

  /** `onChange` is called when the list changes, to persist it. */
  constructor(faults: readonly BoardFault[], onChange: () => void) {
    this.#onChange = onChange;
    for (const fault of faults) this.#active.push(started(fault));
  }

  /** The faults as they would be stored. */
  get list(): readonly BoardFault[] {
    return this.#active.map(({ fault }) => fault);
  }

  /** Adds a fault. */
  add(fault: BoardFault): void {
    this.#active.push(started(fault));
    this.#onChange();
  }

  /** Clears every fault, or those of one kind. */
  clear(kind?: FaultKind): void {
    const kept = this.#active.filter(({ fault }) => kind !== undefined && fault.kind !== kind);
    this.#active.splice(0, this.#active.length, ...kept);
    this.#onChange();
  }

  /** The active fault of a kind, if any. */
  find<K extends FaultKind>(kind: K): BoardFault<K> | undefined {
    return this.#active.find(({ fault }) => fault.kind === kind)?.fault as BoardFault<K> | undefined;
  }

  /** Counts a request and says what happens to it. */
  onRequest(): RequestFate {
    for (const active of this.#active) active.requests++;
    const lost = this.#hit('lose-request') ?? this.#hit('corrupt-request') ?? this.find('silent');
    const twice = this.#hit('duplicate-request');
    return {
      copies: lost ? 0 : twice ? 2 : 1,
      delayMs: this.#hit('delay-request')?.delayMs ?? 0,
      reset: this.#hit('reset') !== undefined,
      crash: this.#hit('crash') !== undefined,
      stuck: this.#hit('stuck-port') !== undefined,
    };
  }

  /** Counts an answer; afterwards {@link takeAnswerFault} says what happens to it. */
  countAnswer(): void {
    for (const active of this.#active) active.answers++;
  }

  /** The fault of this kind that strikes the answer counted last. */
  takeAnswerFault<K extends FaultKind>(kind: K): BoardFault<K> | undefined {
    return this.#hit(kind);
  }

  /** Counts uploaded bytes; the unplug fault when its byte is among them. */
  onUploadData(byteCount: number): BoardFault<'unplug'> | undefined {
    for (const active of this.#active) active.uploadBytes += byteCount;
    const hit = this.#active.find(
      ({ fault, uploadBytes }) => fault.kind === 'unplug' && uploadBytes >= fault.atUploadByte,
    );
    if (!hit) return undefined;
    this.#spend(hit);
    return hit.fault as BoardFault<'unplug'>;
  }

  /** The firmware as it looks with these faults. */
  bend(profile: FirmwareProfile): FirmwareProfile {
    const wrong = this.find('wrong-product');
    if (!wrong) return profile;
    const platform =
      wrong.platform ?? (wrong.version === undefined ? 'another_product/nrf52840' : profile.platform);
    return { ...profile, platform, version: wrong.version ?? profile.version };
  }

  /** The generic code with which the application refuses a path. */
  refusal(path: string, write: boolean): number | undefined {
    return write && this.find('not-writable')?.path === path ? RC.EACCESSDENIED : undefined;
  }

  /** Whether the firmware was built without this group. */
  lacksGroup(group: number): boolean {
    return this.#active.some(({ fault }) => fault.kind === 'unsupported-group' && fault.group === group);
  }

  /** What the faults do to the flash. */
  get flash(): FlashFaults {
    const applies = (kind: 'forget-writes' | 'full-at-close' | 'flip-stored-byte', path: string) => {
      const fault = this.find(kind);
      return fault && (fault.path === undefined || fault.path === path) ? fault : undefined;
    };
    return {
      stolenBlocks: this.find('disk-full') ? Infinity : 0,
      failsClose: (path) => applies('full-at-close', path) !== undefined,
      onCommit: (path, content) => {
        if (applies('forget-writes', path)) return undefined;
        return applies('flip-stored-byte', path)
          ? flipped(content, this.find('flip-stored-byte')?.at)
          : content;
      },
    };
  }

  #hit<K extends FaultKind>(kind: K): BoardFault<K> | undefined {
    const onAnswer = kind.endsWith('answer') || kind === 'log-noise';
    const hit = this.#active.find((active) => {
      const nth = active.fault.kind === kind && 'nth' in active.fault ? active.fault.nth : undefined;
      if (active.fault.kind === kind && nth === undefined) return true;
      return nth !== undefined && nth === (onAnswer ? active.answers : active.requests);
    });
    if (hit && FAULTS[kind].once) this.#spend(hit);
    return hit?.fault as BoardFault<K> | undefined;
  }

  #spend(active: ActiveFault): void {
    this.#active.splice(this.#active.indexOf(active), 1);
    this.#onChange();
  }
}

function started(fault: BoardFault): ActiveFault {
  return { fault, requests: 0, answers: 0, uploadBytes: 0 };
}

function flipped(content: Uint8Array, at: number | undefined): Uint8Array {
  const copy = Uint8Array.from(content);
  const index = Math.min(at ?? Infinity, copy.length - 1);
  if (index >= 0) copy[index] = (copy[index] ?? 0) ^ 0x01;
  return copy;
}
