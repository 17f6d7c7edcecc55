import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';

/** Answers with one sentence of plain text. */
export function answerPlainly(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${sentence}\n`);
}

/** Closes a listener with every connection to it: a page that stays open must not hold up the end of a process. */
export async function closeListener(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
