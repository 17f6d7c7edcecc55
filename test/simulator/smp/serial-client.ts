// A client of a virtual board: the real serialport library on the port, literal frames, nothing of Certline.

import { SerialPort } from 'serialport';
import { onTestFinished } from 'vitest';

import { until as untilTrue } from '../../support/until.ts';
import { frame, unframe } from './wire.ts';

/** An open port that remembers what arrived. */
export class SerialClient {
  readonly port: SerialPort;
  received = Buffer.alloc(0);
  disconnected = false;

  private constructor(path: string) {
    this.port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
    this.port.on('data', (bytes: Buffer) => (this.received = Buffer.concat([this.received, bytes])));
    this.port.on(
      'close',
      (error?: { disconnected?: boolean }) => (this.disconnected ||= error?.disconnected === true),
    );
    this.port.on('error', () => undefined);
  }

  /** Opens a port; it is closed with the test. */
  static async open(path: string): Promise<SerialClient> {
    const client = new SerialClient(path);
    await new Promise<void>((resolve, reject) => {
      client.port.open((error) => (error ? reject(error) : resolve()));
    });
    onTestFinished(() => client.close());
    return client;
  }

  async close(): Promise<void> {
    if (!this.port.isOpen) return;
    await new Promise<void>((resolve) => {
      this.port.close(() => resolve());
    });
  }

  send(bytes: string | Uint8Array): void {
    this.port.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The messages that arrived so far. */
  get messages(): string[] {
    return unframe(this.received.toString('latin1')).map((message) => message.toString('hex'));
  }

  /** Sends a request in one write and waits for its answer, in hex. */
  async ask(message: Uint8Array): Promise<string> {
    const before = this.messages.length;
    this.send(frame(message).join(''));
    return until(() => this.messages[before]);
  }

  /** Sends a request again and again until an answer comes, as to a board that may still boot. */
  async insist(message: Uint8Array): Promise<string> {
    const before = this.messages.length;
    let resendAt = 0;
    return until(() => {
      if (performance.now() < resendAt) return this.messages[before];
      this.send(frame(message).join(''));
      resendAt = performance.now() + 200;
      return undefined;
    });
  }
}

/** `until` for a virtual board or its line, which act within milliseconds. */
export function until<T>(condition: () => T | undefined | false): Promise<T> {
  return untilTrue('the virtual board did it', condition, 10_000);
}
