import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';

type Answer = { readonly made: string } | { readonly error: string };

/**
 * Answers at a Unix socket with what `make` gives, which it makes for the first that asks: for vitest's own process, so
 * that test files share what takes long to make. Returns the function that stops it.
 */
export function offerOnce(path: string, make: () => Promise<string>): () => void {
  let making: Promise<Answer> | undefined;
  const answer = async (): Promise<Answer> => {
    try {
      return { made: await make() };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  const server = createServer(
    (socket) => void (making ??= answer()).then((value) => socket.end(JSON.stringify(value))),
  );
  server.listen(path);
  return () => void server.close();
}

/** What is offered at a socket. Throws what making it threw. */
export async function askFor(path: string): Promise<string> {
  const socket = connect(path);
  await once(socket, 'connect');
  const answer = JSON.parse(await text(socket)) as Answer;
  if ('error' in answer) throw new Error(answer.error);
  return answer.made;
}
