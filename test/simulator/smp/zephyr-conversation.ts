// Requests, hostile ones included, in the order in which they are put to a real Zephyr and to a virtual board. The state that
// one leaves is part of the next; the partition has four blocks, as smpclient's native_sim builds.

import { bytes, close, download, echo, hex, request, shell, status, text, upload } from './wire.ts';

const A = '/lfs1/a';
const abc = Buffer.from('abc');
const def = Buffer.from('def');

function hash(path: string, more = '', pairs = 1): Buffer {
  return request(0, 8, 2, `a${pairs}${text('name')}${text(path)}${more}`);
}

function info(format: string, version = 1): Buffer {
  return request(0, 0, 7, `a1${text('format')}${text(format)}`, 1, version);
}

function longName(length: number): string {
  return '/lfs1/'.padEnd(length, 'n');
}

const os: readonly (readonly [string, Buffer])[] = [
  ['params', request(0, 0, 6, 'a0', 0x42)],
  ['params without CBOR', request(0, 0, 6, '')],
  ['params as write', request(2, 0, 6, 'a0')],
  ['echo as write', echo('hi')],
  ['echo as read', request(0, 0, 0, `a1${text('d')}${text('hi')}`)],
  ['echo without d', request(2, 0, 0, 'a0')],
  ['echo without CBOR', request(2, 0, 0, '')],
  ['echo of a number', request(2, 0, 0, `a1${text('d')}04`)],
  ['echo twice d', request(2, 0, 0, `a2${text('d')}6161${text('d')}6162`)],
  ['echo of broken UTF-8', request(2, 0, 0, `a1${text('d')}63ff00fe`)],
  ['echo of 200', echo('x'.repeat(200))],
  ['info default', request(0, 0, 7, 'a0')],
  ['info s', info('s')],
  ['info order', info('iv')],
  ['info twice a letter', info('vvs')],
  ['info empty format', info('')],
  ['info unknown letter', info('h')],
  ['info unknown letter v1', info('sz', 0)],
  ['sequence 255', request(0, 0, 6, 'a0', 255)],
];

const dispatch: readonly (readonly [string, Buffer])[] = [
  ['unknown group', request(0, 77, 1, 'a0')],
  ['unknown id', request(0, 0, 99, 'a0')],
  ['op 1', request(1, 0, 0, 'a0')],
  ['op 3', request(3, 0, 0, 'a0')],
  ['op 5', request(5, 0, 0, 'a0')],
  ['version 2', request(0, 0, 6, 'a0', 1, 2)],
  ['version 3', request(0, 0, 6, 'a0', 1, 3)],
  ['reserved bits and flags', hex('e8 ff 0001 0000 01 06 a0')],
  ['shorter than a header', hex('0800000100')],
  ['length beyond the end', hex('08 00 0009 0000 01 06 a0')],
  ['length shorter than the CBOR', hex(`0a 00 0002 0000 07 00 a1${text('d')}${text('xy')}`)],
  ['two requests in a packet', Buffer.concat([echo('a', 1), echo('b', 2)])],
  ['error ends a packet', Buffer.concat([request(0, 77, 1, 'a0'), echo('b', 2)])],
  ['group error does not', Buffer.concat([status('/lfs1/none'), echo('b', 2)])],
];

const cbor: readonly (readonly [string, Buffer])[] = (
  [
    ['indefinite map', 'bf 6164 6161 ff'],
    ['map announces more', 'a2 6164 6161'],
    ['bytes after the map', 'a1 6164 6161 00'],
    ['array', '81 61'],
    ['long heads', 'a1 7801 64 7802 6869'],
    ['indefinite text', 'a1 6164 7f 6161 ff'],
    ['unknown key, indefinite list', 'a2 617a 9f0102ff 6164 6161'],
    ['unknown key, float', 'a2 617a fb4000000000000000 6164 6161'],
    ['unknown key, null', 'a2 617a f6 6164 6161'],
    ['unknown key, tag', 'a2 617a c101 6164 6161'],
    ['unknown key, indefinite bytes', 'a2 617a 5f4101ff 6164 6161'],
    ['unknown key, deep lists', `a2 617a ${'81'.repeat(12)}00 6164 6161`],
    ['unknown key, indefinite map', 'a2 617a bf616101ff 6164 6161'],
    ['unknown key twice', 'a3 617a 01 617a 02 6164 6161'],
    ['key of bytes', 'a1 4164 6100'],
    ['key of number', 'a1 01 02'],
    ['tagged map', 'c1 a1 6164 6161'],
    ['reserved head', 'a1 6164 7c 6161'],
    ['map without end', 'bf 6164 6161'],
  ] as const
).map(([name, body]) => [`CBOR: ${name}`, request(2, 0, 0, body)]);

const shellGroup: readonly (readonly [string, Buffer])[] = [
  ['unknown command', shell('foo')],
  ['unknown command with words', shell('foo bar')],
  ['words as elements', request(2, 9, 0, `a1${text('argv')}82${text('kernel')}${text('version')}`)],
  ['kernel version', shell('kernel version')],
  ['blanks', shell('  kernel   version')],
  ['a tab', shell('kernel\tversion')],
  ['quotes', shell("kernel version 'x y'")],
  ['a missing quote', shell('kernel version "')],
  ['too few arguments', shell('kernel sleep')],
  ['too many arguments', shell('kernel uptime a b c')],
  ['blanks only', shell('  ')],
  ['an empty element', shell('')],
  ['no element', request(2, 9, 0, `a1${text('argv')}80`)],
  ['no element, v1', request(2, 9, 0, `a1${text('argv')}80`, 1, 0)],
  ['no argv', request(2, 9, 0, 'a0')],
  ['argv is text', request(2, 9, 0, `a1${text('argv')}${text('fs ls')}`)],
  ['a number among the words', request(2, 9, 0, `a1${text('argv')}82${text('foo')}03`)],
  ['an indefinite list', request(2, 9, 0, `a1${text('argv')}9f${text('foo')}ff`)],
  ['255 characters', shell('a'.repeat(255))],
  ['a control character', shell('\x1bfoo')],
].map(([name, message]) => [`shell: ${name as string}`, message as Buffer]);

const paths: readonly (readonly [string, Buffer])[] = [
  ['no such mount', upload('/foo/x', 0, abc, 3)],
  ['no such directory', upload('/lfs1/c/x', 0, abc, 3)],
  [
    'no such directory, v1',
    request(2, 8, 0, `a3${text('off')}00${text('name')}${text('/lfs1/c/x')}${text('len')}00`, 1, 0),
  ],
  ['relative', upload('x', 0, abc, 3)],
  ['the mount point', upload('/lfs1', 0, abc, 3)],
  ['the mount point with a slash', upload('/lfs1/', 0, abc, 3)],
  ['the root', upload('/', 0, abc, 3)],
  ['65 bytes', upload(longName(65), 0, abc, 3)],
  ['64 bytes', upload(longName(64), 0, abc, 3)],
  ['status of 64 bytes', status(longName(64))],
  ['above the mount point', upload('/lfs1/../b', 0, abc, 3)],
  ['dots and slashes', upload('/lfs1//./q/../b', 0, abc, 3)],
  ['status after dots', status('/lfs1/b')],
  ['a slash behind a file', status('/lfs1/b/')],
  ['a new file with a slash', upload('/lfs1/new/', 0, abc, 3)],
  ['below a file', upload('/lfs1/b/c', 0, abc, 3)],
  ['status below a file', status('/lfs1/b/c')],
  ['status of the root', status('/')],
  ['status of the mount point', status('/lfs1')],
  ['status of the mount point and a dot', status('/lfs1/.')],
  ['status above the mount point', status('/lfs1/..')],
  ['status relative', status('b')],
  ['status elsewhere', status('/lfs10')],
  ['status with a NUL', status('/lfs1/b\0c')],
  ['status of nothing', request(0, 8, 1, 'a0')],
  ['status, empty name', status('')],
  ['status, v1', request(0, 8, 1, `a1${text('name')}${text('/lfs1/none')}`, 1, 0)],
  ['status of a directory, v1', request(0, 8, 1, `a1${text('name')}${text('/lfs1')}`, 1, 0)],
  ['status relative, v1', request(0, 8, 1, `a1${text('name')}${text('b')}`, 1, 0)],
  ['download of a directory', download('/lfs1', 0)],
  ['download of nothing', download('/lfs1/none', 0)],
  ['download elsewhere', download('/zz/foo', 0)],
].map(([name, message]) => [`path: ${name as string}`, message as Buffer]);

const transfers: readonly (readonly [string, Buffer])[] = [
  ['no len', upload(A, 0, abc)],
  ['no off', request(2, 8, 0, `a3${text('name')}${text(A)}${text('data')}${bytes(abc)}${text('len')}03`)],
  ['no name', request(2, 8, 0, `a3${text('off')}00${text('data')}${bytes(abc)}${text('len')}03`)],
  ['negative off', request(2, 8, 0, `a3${text('off')}20${text('name')}${text(A)}${text('len')}03`)],
  [
    'off of all ones',
    request(2, 8, 0, `a3${text('off')}1bffffffffffffffff${text('name')}${text(A)}${text('len')}03`),
  ],
  [
    'data as text',
    request(
      2,
      8,
      0,
      `a4${text('off')}00${text('name')}${text(A)}${text('data')}${text('abc')}${text('len')}03`,
    ),
  ],
  [
    'tagged data',
    request(
      2,
      8,
      0,
      `a4${text('off')}00${text('name')}${text(A)}${text('data')}d84043616263${text('len')}03`,
    ),
  ],
  [
    'unknown keys',
    request(
      2,
      8,
      0,
      `a5${text('foo')}8201a1616102${text('off')}00${text('name')}${text(A)}${text('data')}${bytes(abc)}${text('len')}03`,
    ),
  ],
  ['a whole file in one chunk', upload(A, 0, abc, 3)],
  ['the same again', upload(A, 0, abc, 3)],
  ['its status', status(A)],
  ['its content', download(A, 0)],
  ['content from 1', download(A, 1)],
  ['content at the end', download(A, 3)],
  ['content beyond the end', download(A, 9)],
  ['content at 2^31', request(0, 8, 0, `a2${text('off')}1a80000000${text('name')}${text(A)}`)],
  ['content at 2^32 + 1', request(0, 8, 0, `a2${text('off')}1b0000000100000001${text('name')}${text(A)}`)],
  ['chunk 0 of a new file', upload('/lfs1/m', 0, abc, 6)],
  ['status before its close', status('/lfs1/m')],
  ['chunk 0 repeated: the trap', upload('/lfs1/m', 0, abc, 6)],
  ['what the trap left', download('/lfs1/m', 0)],
  ['chunk 0 of an existing file', upload('/lfs1/m', 0, def, 6)],
  ['chunk 0 repeated there', upload('/lfs1/m', 0, def, 6)],
  ['what the trap left there', download('/lfs1/m', 0)],
  ['n 0', upload('/lfs1/n', 0, abc, 9)],
  ['n 1', upload('/lfs1/n', 3, def)],
  ['n 1 repeated: offset error and close', upload('/lfs1/n', 3, def)],
  ['n committed by that', status('/lfs1/n')],
  ['n 2 after it', upload('/lfs1/n', 6, abc)],
  ['n 2 repeated: last chunk', upload('/lfs1/n', 6, abc)],
  ['n whole', status('/lfs1/n')],
  [
    'n offset error, v1',
    request(2, 8, 0, `a3${text('off')}05${text('name')}${text('/lfs1/n')}${text('data')}4178`, 1, 0),
  ],
  ['offset into a new file', upload('/lfs1/new', 4, abc)],
  ['which exists now', status('/lfs1/new')],
  ['an empty upload', upload('/lfs1/e', 0, Buffer.alloc(0), 0)],
  ['an empty file', download('/lfs1/e', 0)],
  ['an empty upload over a full file', upload('/lfs1/n', 0, Buffer.alloc(0), 0)],
  ['close', close()],
  ['which keeps the content', status('/lfs1/n')],
  ['more data than len', upload('/lfs1/o', 0, abc, 2)],
  ['data with len 0 stays open', upload('/lfs1/p', 0, abc, 0)],
  ['and goes on', upload('/lfs1/p', 3, def)],
  ['unseen', status('/lfs1/p')],
  ['until closed', close()],
  ['seen', status('/lfs1/p')],
  ['another path', upload('/lfs1/r', 0, abc, 6)],
  ['closes the first', upload('/lfs1/s', 0, abc, 6)],
  ['as its status says', status('/lfs1/r')],
  ['back to the first', upload('/lfs1/r', 3, def)],
  ['no data at the end', request(2, 8, 0, `a2${text('off')}06${text('name')}${text('/lfs1/r')}`)],
  ['a download closes the upload', download(A, 0)],
  ['close with nothing open', close()],
  ['close as read', request(0, 8, 4, 'a0')],
].map(([name, message]) => [`fs: ${name as string}`, message as Buffer]);

const hashes: readonly (readonly [string, Buffer])[] = [
  ['default', hash('/lfs1/n')],
  ['crc32 of a part', hash('/lfs1/n', `${text('type')}${text('crc32')}${text('off')}02${text('len')}03`, 4)],
  ['sha256', hash('/lfs1/n', `${text('type')}${text('sha256')}`, 2)],
  ['more than there is', hash('/lfs1/n', `${text('len')}1864`, 2)],
  ['unknown type of nothing', hash('/lfs1/none', `${text('type')}${text('md5')}`, 2)],
  ['empty type', hash('/lfs1/n', `${text('type')}60`, 2)],
  ['long type', hash('/lfs1/n', `${text('type')}${text('abcdefghi')}`, 2)],
  ['len 0', hash('/lfs1/n', `${text('len')}00`, 2)],
  ['off at the end', hash('/lfs1/n', `${text('off')}09`, 2)],
  ['empty file', hash('/lfs1/e')],
  ['nothing', hash('/lfs1/none')],
  ['directory', hash('/lfs1')],
  ['types', request(0, 8, 3, 'a0')],
  ['types as write', request(2, 8, 3, 'a0')],
].map(([name, message]) => [`hash: ${name as string}`, message as Buffer]);

const full: readonly (readonly [string, Buffer])[] = [
  ['first block', upload('/lfs1/f0', 0, Buffer.alloc(130, 1), 130)],
  ['second block', upload('/lfs1/f1', 0, Buffer.alloc(130, 2), 130)],
  ['no third', upload('/lfs1/f2', 0, Buffer.alloc(130, 3), 130)],
  ['which exists, empty', status('/lfs1/f2')],
  ['and cannot go on', upload('/lfs1/f2', 130, Buffer.alloc(130, 3))],
  ['no room to replace one', upload('/lfs1/f0', 0, Buffer.alloc(130, 4), 130)],
  ['the old content stays', download('/lfs1/f0', 0)],
  ['small files fit inside the directory', upload('/lfs1/g', 0, abc, 3)],
].map(([name, message]) => [`full: ${name as string}`, message as Buffer]);

/** Named requests, to be sent in this order to a board with a fresh partition of four blocks. */
export const CONVERSATION: readonly (readonly [string, Buffer])[] = [
  ...os,
  ...dispatch,
  ...cbor,
  ...shellGroup,
  ...paths,
  ...transfers,
  ...hashes,
  ...full,
];
