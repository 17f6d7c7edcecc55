import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { DATAGRAM_FRAMING } from '../../../smp/framing/raw-framing.ts';
import { openUdpLink } from '../../../smp/links/udp-link.ts';
import { cborMap, parseMessage, replyMessage } from '../client/board-frames.ts';
import { echo } from '../client/echo.ts';

describe('openUdpLink', () => {
  let board: Socket;
  beforeEach(async () => {
    board = createSocket('udp4');
    board.bind(0, '127.0.0.1');
    await once(board, 'listening');
  });
  afterEach(() => {
    board.close();
  });

  it('carries one message a datagram, with the buffers the board tells but no more than a datagram holds', async () => {
    board.on('message', (bytes, from) => {
      const request = parseMessage(bytes);
      const body = request.id === 6 ? { buf_size: 2048, buf_count: 2 } : { r: request.body['d'] };
      board.send(replyMessage(request, cborMap(body)), from.port, from.address);
    });
    const client = new SmpClient(await openUdpLink({ host: '127.0.0.1', port: board.address().port }), {
      framing: DATAGRAM_FRAMING,
    });
    await client.connect();
    expect(client.limit.currentBytes).toBe(1452);
    expect(await echo(client, 'x'.repeat(1400))).toHaveLength(1400);
    await client.close();
  });

  it('survives a board that is not there yet', async () => {
    const { port } = board.address();
    board.close();
    const client = new SmpClient(await openUdpLink({ host: '127.0.0.1', port }), {
      framing: DATAGRAM_FRAMING,
    });
    const connecting = client.connect({ budgetMs: 5_000 });
    board = createSocket('udp4');
    board.bind(port, '127.0.0.1');
    board.on('message', (bytes, from) => {
      board.send(replyMessage(parseMessage(bytes), cborMap({ rc: 8 })), from.port, from.address);
    });
    await connecting;
    expect(client.statistics.messages).toBe(1);
    await client.close();
  });

  it('takes messages from nobody but the board', async () => {
    const link = await openUdpLink({ host: '127.0.0.1', port: board.address().port });
    const arrived = once(board, 'message') as Promise<[Buffer, { port: number }]>;
    const received: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    link.onBytes((bytes) => {
      received.push(Buffer.from(bytes).toString());
      resolve();
    });
    await link.write(Buffer.from('hello'));
    const [, { port }] = await arrived;
    const stranger = createSocket('udp4');
    stranger.send('stranger', port, '127.0.0.1', () => board.send('board', port, '127.0.0.1'));
    await promise;
    stranger.close();
    expect(received).toEqual(['board']);
    await link.close();
  });

  it('names a host that does not exist', async () => {
    await expect(openUdpLink({ host: 'no-such-host.invalid' })).rejects.toMatchObject({
      code: 'LINK_NOT_FOUND',
    });
  });

  it('closes twice and rejects later writes', async () => {
    const link = await openUdpLink({ host: '127.0.0.1', port: board.address().port });
    const causes: unknown[] = [];
    link.onClosed((cause) => causes.push(cause));
    await Promise.all([link.close(), link.close()]);
    expect(causes).toEqual([undefined]);
    await expect(link.write(Buffer.of(1))).rejects.toMatchObject({ code: 'LINK_LOST' });
  });
});
