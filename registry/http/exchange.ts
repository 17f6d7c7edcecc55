import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What came back, whatever its status. */
export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** No whole answer came in time. */
export class NoAnswerInTime extends Error {
  override readonly name = 'NoAnswerInTime';
}

/** A connection that was kept open ended when it was used again, before any answer: servers close such ones whenever they like. */
export class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

/** What ends an exchange that does not end by itself. */
export interface ExchangeLimits {
  /** From the question to the end of the answer, in milliseconds. */
  readonly deadlineMs: number;
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Sends a question, and reads its answer to the end. It settles at the deadline and when the signal is aborted, whatever the other side
 * does: Node ends some requests without any event. Throws NoAnswerInTime, StaleConnection, the reason of the signal, or what Node says
 * of the request.
 */
export async function exchange(
  request: ClientRequest,
  body: string | Uint8Array | undefined,
  { deadlineMs, maxAnswerBytes, signal }: ExchangeLimits,
): Promise<Exchanged> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  // A timer of its own: one signal made of two costs as much as the rest of a short exchange.
  const timer = setTimeout(() => reject(new NoAnswerInTime()), deadlineMs);
  const stop = (): void => reject(signal?.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    return await Promise.race([answerTo(request, body, maxAnswerBytes), stopped]);
  } catch (error) {
    request.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

async function answerTo(
  request: ClientRequest,
  body: string | Uint8Array | undefined,
  maxAnswerBytes: number,
): Promise<Exchanged> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let isAnswered = false;
  request
    .on('response', (answer) => {
      isAnswered = true;
      resolve(answer);
    })
    .on('error', (error) => reject(isStale(request, error) ? new StaleConnection() : error))
    // It comes after each answer too, and an error costs a stack trace.
    .on('close', () => isAnswered || reject(new Error('it closes the connection')))
    .on('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      reject(changesProtocol(statusCode));
    });
  request.end(body);
  const answer = await promise;
  const { statusCode: status = 0, headers } = answer;
  if (status < 200) throw changesProtocol(status);
  return { status, headers, body: await bodyOf(answer, maxAnswerBytes) };
}

/** What was written to a connection that the other side has closed is answered by a reset, or cannot be written. */
function isStale({ reusedSocket }: ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}

function changesProtocol(status: number | undefined): Error {
  return new Error(`it changes to another protocol, ${status}`);
}

/** By events: an iterator of a stream costs as much as the rest of a short answer. */
async function bodyOf(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const parts: Buffer[] = [];
  let length = 0;
  answer
    .on('data', (part: Buffer) => {
      length += part.length;
      if (length > maxBytes) reject(new Error(`its answer is longer than ${maxBytes} bytes`));
      else parts.push(part);
    })
    .on('end', resolve)
    .on('error', reject)
    .on('close', () => answer.readableEnded || reject(new Error('its answer ends early')));
  await promise;
  return Buffer.concat(parts);
}
