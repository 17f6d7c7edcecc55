// A child process: a board that answers at once, behind a pseudo-terminal and a serial wire. Arguments: buffer bytes,
// bits/s (0: none), `exact` or `ticks`.
import { FileBoard } from './file-board.ts';
import { openPseudoTerminal } from '../../support/pseudo-terminal.ts';
import { Pacer } from '../client/pacer.ts';

const [bufferBytes = '384', bitsPerSecond = '0', clock = 'exact'] = process.argv.slice(2);
const terminal = openPseudoTerminal();
const out = new Pacer((bytes) => terminal.write(bytes), Number(bitsPerSecond), clock === 'exact');
const inward = new Pacer(boardBehindWire(), Number(bitsPerSecond), clock === 'exact');
terminal.onBytes((bytes) => inward.push(bytes));
console.log(terminal.path);

function boardBehindWire(): (bytes: Buffer) => void {
  const board = new FileBoard();
  board.bufferBytes = Number(bufferBytes);
  board.directories.add('/lfs1/credentials');
  board.link.onBytes((bytes) => out.push(Buffer.from(bytes)));
  let received = Buffer.alloc(0);
  return (bytes) => {
    received = Buffer.concat([received, bytes]);
    for (let end = packetEnd(received); end > 0; end = packetEnd(received)) {
      board.link.onWrite(received.subarray(0, end));
      received = received.subarray(end);
    }
  };
}

/** Bytes up to the end of the first whole packet or lone newline, or 0. */
function packetEnd(bytes: Buffer): number {
  if (bytes[0] === 0x0a) return 1;
  if (bytes.length < 6) return 0;
  const packetBytes = 2 + Buffer.from(bytes.toString('latin1', 2, 6), 'base64').readUInt16BE(0);
  const lines = Math.ceil(packetBytes / 93);
  const length = Math.ceil(packetBytes / 3) * 4 + lines * 3;
  return bytes.length >= length ? length : 0;
}
