import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What came back, whatever its status. */
export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Sends a question, and reads its answer to the end. It settles when the signal is aborted, whatever the other side does: Node
 * ends some requests without any event.
 */
export async function exchange(
  request: ClientRequest,
  body: string | Uint8Array | undefined,
  maxAnswerBytes: number,
  signal: AbortSignal,
): Promise<Exchanged> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([answerTo(request, body, maxAnswerBytes), stopped]);
  } catch (error) {
    request.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function answerTo(
  request: ClientRequest,
  body: string | Uint8Array | undefined,
  maxAnswerBytes: number,
): Promise<Exchanged> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request
    .on('response', resolve)
    .on('error', reject)
    .on('close', () => reject(new Error('it closes the connection')))
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

function changesProtocol(status: number | undefined): Error {
  return new Error(`it changes to another protocol, ${status}`);
}

async function bodyOf(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBytes) throw new Error(`its answer is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
