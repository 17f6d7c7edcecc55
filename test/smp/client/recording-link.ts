import type { Link } from '../../../smp/links/link.ts';

/** Requests and answers as they were on the wire, in latin1. */
export interface Recording {
  exchanges: { request: string; answer: string }[];
}

/** Passes everything on and keeps it. */
export class RecordingLink implements Link {
  readonly name: string;
  readonly recording: Recording = { exchanges: [] };
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
    this.name = link.name;
    link.onBytes((bytes) => {
      const last = this.recording.exchanges.at(-1);
      if (last !== undefined) last.answer += Buffer.from(bytes).toString('latin1');
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.recording.exchanges.push({ request: Buffer.from(bytes).toString('latin1'), answer: '' });
    await this.#link.write(bytes);
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    return this.#link.onBytes(listener);
  }

  onClosed(listener: (cause: Error | undefined) => void): () => void {
    return this.#link.onClosed(listener);
  }

  async close(): Promise<void> {
    await this.#link.close();
  }
}
