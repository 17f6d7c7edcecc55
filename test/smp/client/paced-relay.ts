// A child process: a pseudo-terminal that is the far end of a serial wire to another one. Arguments: path, bits/s.
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { openPseudoTerminal } from '../../support/pseudo-terminal.ts';
import { Pacer } from './pacer.ts';

const [path = '', bitsPerSecond = '115200'] = process.argv.slice(2);
const terminal = openPseudoTerminal();
const link = await openSerialLink({ path });
const toBoard = new Pacer((bytes) => void link.write(bytes), Number(bitsPerSecond), true);
const toClient = new Pacer((bytes) => terminal.write(bytes), Number(bitsPerSecond), true);
terminal.onBytes((bytes) => toBoard.push(bytes));
link.onBytes((bytes) => toClient.push(Buffer.from(bytes)));
console.log(terminal.path);
