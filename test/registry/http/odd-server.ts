import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a server does instead of an answer, when it was asked something. */
export const ODD_ANSWERS: Readonly<Record<string, (socket: Socket) => void>> = {
  'changes to another protocol': (socket) =>
    void socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  'changes to another protocol without naming it': (socket) =>
    void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  'says 100 Continue again and again': (socket) => repeat(socket, 'HTTP/1.1 100 Continue\r\n\r\n'),
  'says 102 Processing again and again': (socket) => repeat(socket, 'HTTP/1.1 102 Processing\r\n\r\n'),
  'ends no header': (socket) => void socket.write('HTTP/1.1 200 OK\r\nX-Name: va'),
  'sends a byte of a header at a time': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX-Name: ');
    repeat(socket, 'a');
  },
  'sends no body': (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'),
  'sends a byte of a body at a time': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n');
    repeat(socket, 'a');
  },
  'closes its half of the connection': (socket) => void socket.end(),
  'closes its half of the connection within a body': (socket) =>
    void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'),
  'closes its half of the connection within a chunk': (socket) =>
    void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"a'),
  'closes its half of the connection before the last chunk': (socket) =>
    void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n'),
  'sends a chunk whose length is none': (socket) =>
    void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n'),
  'is silent': () => undefined,
  'speaks another language': (socket) => void socket.write('220 mail.example ESMTP\r\n'),
};

/** Its address. It keeps its connections open, and is there for this test alone. */
export async function startOddServer(does: (socket: Socket) => void): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined).once('data', () => does(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function repeat(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 5);
  socket.on('close', () => clearInterval(timer));
}
