import { describe, expect, it } from 'vitest';
import { digestFor } from '../../../manifests/intake/digest-text.ts';

const HEX = '1f2e3d4c'.repeat(8);
const OTHER = 'abcdef01'.repeat(8);
const UPPER = HEX.toUpperCase();
const BYTES = HEX.replaceAll(/..(?!$)/g, '$& ');

describe('a SHA-256 is read as', () => {
  it.each<[string, string]>([
    ['sha256sum writes it', `${HEX}  lot7.csv\n`],
    ['sha256sum -b writes it', `${HEX} *lot7.csv\n`],
    ['sha256sum writes it where a name has a backslash', `\\${HEX}  lot\\\\7.csv\n`],
    ['a program writes it that gives no name', HEX],
    ['sha256sum --tag and BSD write it', `SHA256 (lot7.csv) = ${HEX}\n`],
    ['openssl writes it', `SHA2-256(lot7.csv)= ${HEX}\n`],
    ['openssl 1.1 writes it', `SHA256(lot7.csv)= ${HEX}\r\n`],
    [
      'Get-FileHash shows it in a table',
      `\r\nAlgorithm       Hash                    Path\r\n---------       ----                    ----\r\nSHA256          ${UPPER}       C:\\in\\lot7.c...\r\n\r\n`,
    ],
    [
      'Get-FileHash shows it in a list',
      `\r\nAlgorithm : SHA256\r\nHash      : ${UPPER}\r\nPath      : C:\\lot7.csv\r\n`,
    ],
    [
      'certutil shows it',
      `SHA256 hash of lot7.csv:\r\n${HEX}\r\nCertUtil: -hashfile command completed successfully.\r\n`,
    ],
    [
      'certutil of Windows 7 shows it',
      `SHA256-Hash der Datei lot7.csv:\r\n${BYTES}\r\nCertUtil: -hashfile\r\n`,
    ],
    ['it is under another name', `${HEX}  lot-old.csv\n`],
  ])('%s', (_case, text) => {
    expect(digestFor('lot7.csv', text)).toEqual({ digest: HEX });
  });

  it.each<[string, string]>([
    ['sha256sum', `${OTHER}  lot8.csv\n${HEX}  ./in/lot7.csv\n`],
    ['a path of Windows', `${OTHER}  C:\\in\\lot8.csv\n${HEX} *C:\\in\\lot7.csv\n`],
    ['tags', `SHA256 (lot7.csv) = ${HEX}\nSHA256 (lot8.csv) = ${OTHER}\n`],
    ['a table', `SHA256   ${OTHER}   C:\\lot8.csv\r\nSHA256   ${UPPER}   C:\\lot7.csv\r\n`],
    ['lists', `Hash : ${OTHER}\r\nPath : C:\\lot8.csv\r\n\r\nHash : ${UPPER}\r\nPath : C:\\lot7.csv\r\n`],
    ['certutil', `SHA256 hash of lot8.csv:\n${OTHER}\nSHA256 hash of lot7.csv:\n${HEX}\n`],
    ['the same twice', `${HEX}  lot7.csv\n${HEX}  lot7.csv\n`],
  ])('that of this file among others: %s', (_case, text) => {
    expect(digestFor('lot7.csv', text)).toEqual({ digest: HEX });
  });

  it.each<[string, string, string]>([
    ['one that is cut', `${HEX.slice(1)}  lot7.csv\n`, 'no complete SHA-256'],
    ['a SHA-512', `${HEX}${OTHER}  lot7.csv\n`, 'no complete SHA-256'],
    ['an error message', 'sha256sum: lot7.csv: No such file or directory\n', 'no complete SHA-256'],
    ['two, none for this file', `${HEX}  a.csv\n${OTHER}  Lot7.csv\n`, 'has 2 of them, none for lot7.csv'],
    ['two for this file', `${HEX}  lot7.csv\n${OTHER}  in/lot7.csv\n`, 'has 2 of them for lot7.csv'],
  ])('none: %s', (_case, text, reason) => {
    expect(digestFor('lot7.csv', text)).toEqual({ reason: expect.stringContaining(reason) });
  });
});
