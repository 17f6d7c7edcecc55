import type { BoardRequest } from '../client/board-frames.ts';
import { cborMap, consoleLines, parseRequestFrame, replyMessage } from '../client/board-frames.ts';
import { MemoryLink } from '../client/memory-link.ts';

type Body = Record<string, unknown>;
const fsError = (rc: number, more: Body = {}): Body => ({ err: { group: 8, rc }, ...more });

/** What a fault does to one frame; `undefined` loses it. */
export type Fault = (frame: Buffer, direction: 'request' | 'reply') => Buffer[] | undefined;

/**
 * A board with files behind an in-memory link, with Zephyr 4.4's state machine for uploads: one context, no reset
 * of the offset by a repeated first part, close on a wrong offset, commit on close.
 */
export class FileBoard {
  readonly link = new MemoryLink();
  readonly files = new Map<string, Buffer>();
  readonly directories = new Set(['/lfs1']);
  readonly requests: BoardRequest[] = [];
  /** Frames in both directions, counted from 0; a fault applies to the frame of its number. */
  readonly faults = new Map<number, Fault>();
  frameCount = 0;
  bufferBytes = 384;
  maxBurstLines = Infinity;
  has: { os: boolean; shell: boolean; close: boolean; hash: boolean } = {
    os: true,
    shell: true,
    close: true,
    hash: true,
  };
  /** Closing fails in silence up to Zephyr 4.3, with error 17 from 4.4 on. */
  closeFailure: 'none' | 'silent' | 'reported' = 'none';
  writeFailure = false;
  version: 1 | 2 = 2;
  #open:
    | { path: string; offset: number; total: number | undefined; content: Buffer; position: number }
    | undefined;

  constructor() {
    this.link.onWrite = (bytes) => this.#written(bytes);
  }

  /** What a reset does to an upload that was not committed. */
  reset(): void {
    this.#open = undefined;
  }

  get isUploadOpen(): boolean {
    return this.#open !== undefined;
  }

  #written(bytes: Buffer): void {
    if (bytes.toString() === '\n') return;
    for (const frame of this.#through(bytes, 'request')) this.#received(frame);
  }

  #through(frame: Buffer, direction: 'request' | 'reply'): Buffer[] {
    const fault = this.faults.get(this.frameCount++);
    return fault === undefined ? [frame] : (fault(frame, direction) ?? []);
  }

  #received(frame: Buffer): void {
    let request: BoardRequest;
    try {
      request = parseRequestFrame(frame);
    } catch {
      return; // dropped in silence, as the firmware does
    }
    const lines = frame.filter((byte) => byte === 0x0a).length;
    if (lines > this.maxBurstLines || request.messageBytes > this.bufferBytes - 4) return;
    this.requests.push(request);
    const body = this.#asVersion(this.#answer(request));
    const reply = Buffer.from(consoleLines(replyMessage(request, cborMap(body))), 'latin1');
    for (const piece of this.#through(reply, 'reply')) this.link.receive(piece);
  }

  #asVersion(body: Body): Body {
    const error = body['err'] as { rc: number } | undefined;
    if (this.version === 2 || error === undefined) return body;
    if ([3, 14, 17].includes(error.rc)) return { rc: 5 };
    return { rc: [2, 13].includes(error.rc) ? 3 : 1 };
  }

  #answer(request: BoardRequest): Body {
    const key = `${request.group}/${request.id}/${request.op}`;
    const { body } = request;
    if (key === '0/0/2' && this.has.os) return { r: body['d'] };
    if (key === '0/6/0' && this.has.os) return { buf_size: this.bufferBytes, buf_count: 4 };
    if (key === '8/0/2')
      return this.#upload(body as { off: number; name: string; data: Buffer; len?: number });
    if (key === '8/0/0') return this.#download(body as { off: number; name: string });
    if (key === '8/1/0') return this.#status(body['name'] as string);
    if (key === '8/4/2' && this.has.close) return this.#close() ? {} : { rc: 7 };
    if (key === '9/0/2' && this.has.shell) return this.#exec(body['argv'] as string[]);
    return { rc: 8 };
  }

  #upload({ off, name, data, len }: { off: number; name: string; data: Buffer; len?: number }): Body {
    if (this.#open !== undefined && this.#open.path !== name) this.#close();
    if (this.#open === undefined) {
      if (!this.directories.has(name.slice(0, name.lastIndexOf('/')))) return fsError(14);
      const content = this.files.get(name) ?? Buffer.alloc(0);
      this.files.set(name, content);
      this.#open = { path: name, offset: 0, total: undefined, content, position: 0 };
    }
    const open = this.#open;
    const size = (this.files.get(name) as Buffer).length;
    if (off === 0) open.total = len;
    else if (open.offset === 0) open.offset = size;
    if (off !== 0 && off !== open.offset) {
      const expected = open.offset;
      this.#close();
      return fsError(11, { len: expected });
    }
    if (this.writeFailure) {
      this.#close();
      return fsError(10);
    }
    if (off === 0 && size !== 0) [open.content, open.position] = [Buffer.alloc(0), 0];
    else if (open.position !== off) open.position = open.content.length;
    open.content = Buffer.concat([
      open.content.subarray(0, open.position),
      data,
      open.content.subarray(open.position + data.length),
    ]);
    open.position += data.length;
    open.offset += data.length;
    const next = open.offset;
    if ((open.total ?? 0) > 0 && next >= (open.total as number) && !this.#close()) return fsError(17);
    return { off: next };
  }

  #download({ off, name }: { off: number; name: string }): Body {
    this.#close();
    const content = this.files.get(name);
    if (content === undefined) return fsError(3);
    const data = content.subarray(off, off + this.bufferBytes - 44);
    return { off, data, ...(off === 0 ? { len: content.length } : {}) };
  }

  #status(name: string): Body {
    const content = this.files.get(name);
    return content === undefined ? fsError(3) : { len: content.length };
  }

  #exec(argv: string[]): Body {
    const [command, verb, path = ''] = argv.join(' ').split(' ');
    if (command === 'hwinfo') return { o: 'Length: 8\r\n\u001b[0mID: 0x00AB12cd34ef5678\r\n', ret: 0 };
    if (command !== 'fs') return { o: `${command}: command not found\r\n`, ret: -8 };
    if (verb === 'rm') {
      return this.files.delete(path)
        ? { o: '', ret: 0 }
        : { o: `Failed to remove ${path} (-2)\r\n`, ret: -8 };
    }
    if (this.directories.has(path)) return { o: 'Error creating dir[-17]\r\n', ret: -8 };
    if (!this.directories.has(path.slice(0, path.lastIndexOf('/'))))
      return { o: 'Error creating dir[-2]\r\n', ret: -8 };
    this.directories.add(path);
    return { o: '', ret: 0 };
  }

  /** False when the board knows that it failed and says so. */
  #close(): boolean {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return true;
    if (this.closeFailure === 'none') this.files.set(open.path, open.content);
    return this.closeFailure !== 'reported';
  }
}
