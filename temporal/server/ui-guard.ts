import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { answerPlainly, closeListener } from './plain-answer.ts';

/** Where the dev server itself serves its page. */
export interface UiInside {
  readonly host: string;
  readonly port: number;
}

/** The page for people: on 127.0.0.1 at `port`, with what it allows. */
export interface UiGuardOptions {
  readonly port: number;
  readonly inside: UiInside;
  /** Whether the page may change anything: start, signal, update, cancel, terminate, reset. */
  readonly actions: boolean;
}

export interface UiGuard {
  readonly close: () => Promise<void>;
}

const SETTINGS = '/api/v1/settings';
/** Every browser sends the first: it takes compressed answers. */
const PLAIN_WITHOUT = ['accept-encoding', 'if-none-match', 'if-modified-since'];
/** They are about the connection of the browser to the guard; to switch that to another protocol is not passed on. */
const OF_ONE_CONNECTION = ['connection', 'keep-alive', 'upgrade'];
/**
 * In Temporal's HTTP API a query is a POST that changes nothing; the page shows current details by it. The whole path, because a
 * signal may be called `query` too, and one of them starts a workflow.
 */
const QUERY = /^\/api\/v1\/namespaces\/[^/]+\/workflows\/[^/]+\/query\/[^/]+$/;

const READ_ONLY =
  'This page is read-only. Use the certline command, or start the factory line with `certline up --ui-actions`.';
const FOREIGN = 'This address is not the one of the Temporal UI of this factory line. Open it as 127.0.0.1.';

/**
 * Serves the dev server's page to the browser of this host and to nothing else. The dev server answers under any name,
 * so a web page from elsewhere whose name is pointed at 127.0.0.1 (DNS rebinding) could read and write everything. Here
 * a request must name this address as Host, and one that changes something must come from the page itself (Origin).
 * Rejects with the error of listen(2), such as EADDRINUSE.
 */
export async function startUiGuard({ port, inside, actions }: UiGuardOptions): Promise<UiGuard> {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  const refusal = ({ headers, method = 'GET', url = '' }: IncomingMessage): string | undefined => {
    if (!names.includes(headers.host ?? '') || !url.startsWith('/')) return FOREIGN;
    if (method === 'GET' || method === 'HEAD') return undefined;
    const { origin } = headers;
    if (origin !== undefined && !names.some((name) => origin === `http://${name}`)) return FOREIGN;
    return actions || QUERY.test(pathOf(url)) ? undefined : READ_ONLY;
  };
  const server = createServer((incoming, outgoing) => {
    const refused = refusal(incoming);
    if (refused !== undefined) return answerPlainly(outgoing, 403, refused);
    forward(incoming, outgoing, inside, actions);
  });
  // A page that stays open polls; it must not hold up the end of the line.
  server.keepAliveTimeout = 1_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return { close: async () => await closeListener(server) };
}

/** Of what begins with a slash. What begins with two must not be read as the name of another host, which may be none. */
function pathOf(url: string): string {
  return new URL(`http://page${url}`).pathname;
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { host, port }: UiInside,
  actions: boolean,
): void {
  const { method, url = '/' } = incoming;
  const isChanged = !actions && pathOf(url) === SETTINGS;
  const headers = { ...incoming.headers };
  for (const name of OF_ONE_CONNECTION) delete headers[name];
  // What is changed must come as plain text, from the server and not from the browser's own copy of it.
  if (isChanged) for (const name of PLAIN_WITHOUT) delete headers[name];
  const onwards = httpRequest({ host, port, method, path: url, headers }, (answer) => {
    if (isChanged) {
      void answerSettings(answer, outgoing);
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  onwards.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else answerPlainly(outgoing, 502, 'The Temporal UI does not answer.');
  });
  outgoing.on('close', () => onwards.destroy());
  incoming.pipe(onwards);
}

/** The page hides its buttons when the settings say that writing is disabled. */
async function answerSettings(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const settings = JSON.parse(await text(answer)) as Record<string, unknown>;
    outgoing.writeHead(200, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify({ ...settings, DisableWriteActions: true }));
  } catch {
    answerPlainly(outgoing, 502, 'The Temporal UI gave no settings.');
  }
}
