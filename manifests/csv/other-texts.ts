/**
 * What a text begins with that another program wrote for another purpose. A text with a header below such lines is not among them:
 * there it helps more to say which lines to delete.
 */
const OTHER_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^<\?xml/i, 'XML'],
  [/^<(?:!doctype|html|head|body|table|div|meta|style|!--)/i, 'HTML'],
  [/^[[{]\s*["{[\]}]/, 'JSON'],
  [/^[[{]\s*[('].*[)\]}]/, 'Python'],
  [/^\{\\rtf/, 'RTF'],
  [/^\\(?:begin\{|documentclass)/, 'LaTeX'],
  [/^(?:INSERT |CREATE TABLE |DROP TABLE |USE [^\n]+\n(?:GO|INSERT)\b)/i, 'SQL'],
  [/^(?:--|\/\*).*?\n(?:INSERT INTO |CREATE TABLE |DROP TABLE |SET \w+ ?=)/is, 'SQL'],
  [/^(?:---\s*\n\s*[\w-]+:\s|- [\w-]+: [^\n]*\n +[\w-]+:\s)/, 'YAML'],
  [/^\[[^\]\n]+\]\s*\n[\w.-]+ ?=/, 'INI'],
  [/^(?:diff --git |--- [^\n]*\n\+\+\+ )/, 'a patch'],
  [/^-----BEGIN (?!PGP SIGNED)[A-Z\d ]+-----/, 'PEM or PGP'],
  [/^BEGIN:V(?:CARD|CALENDAR)/, 'a vCard or a calendar'],
  // Types of file that Excel offers beside CSV.
  [/^ID;P/, 'SYLK'],
  [/^TABLE\s*\n0,1/, 'DIF'],
  [/^UN[AB][:+]/, 'EDIFACT'],
  [/^(?:MIME-Version: .{0,2000}?Content-Type: multipart\/related|From: <Saved by )/is, 'a web page archive'],
  [/^(?:MIME-Version|Received|Return-Path|Delivered-To|Message-ID|Content-Type): /i, 'a mail'],
  [/^(?:From|To|Date|Subject): .{0,8000}?\nContent-Transfer-Encoding: (?:base64|quoted)/is, 'a mail'],
  [/^[A-Za-z\d+/]{40,}(?:\n|$)/, 'a part of a mail, in base64'],
  [/^[A-Za-z\d+/]{16,}={1,2}(?:\n|$)/, 'a part of a mail, in base64'],
  [/^[^\n]*=(?:0D|0A|2C|3B)/, 'a part of a mail, in quoted-printable'],
  [/^[^\n]{60,}[^=]=\n/, 'a part of a mail, in quoted-printable'],
];

/** What the text of a file is, if its first lines show that it is no CSV; else undefined. */
export function otherText(head: string): string | undefined {
  const text = head.trimStart().replaceAll('\r\n', '\n');
  return OTHER_TEXTS.find(([pattern]) => pattern.test(text))?.[1];
}
