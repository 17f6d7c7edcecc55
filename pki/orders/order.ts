import { ORDER_NUMBER_PATTERN } from '../../provisioning/order-number.ts';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import { openNote, signNote } from '../keys/signed-note.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';

/** What the first member of an order's text says; a text that is signed for anything else says something else. */
const KIND = 'certline-order-v1';

/** The name of an audit key (`audit.pub`), or the fingerprint of a factory CA's certificate (`ca show`). */
const SIGNER_PATTERN = /^(?:certline-audit-[0-9a-f]{16}|[0-9a-f]{64})$/;

/** A contract manufacturer's year; what a column of 32 bits holds. */
const MAX_QUANTITY = 100_000_000;

const moment = z.iso.datetime({ precision: 3 });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 hex digits in lower case');

const shape = z
  .strictObject({
    kind: z.literal(KIND),
    order: z
      .string()
      .regex(ORDER_NUMBER_PATTERN, 'upper-case letters, digits and hyphens, at most 40 characters'),
    revision: z.int().min(1).max(1_000_000),
    products: z.array(z.string().min(1).max(40)).min(1).max(100),
    quantity: z.int().min(1).max(MAX_QUANTITY),
    reissues: z.int().min(0).max(MAX_QUANTITY),
    opens: moment,
    closes: moment,
    manifestSha256: sha256.optional(),
    serialsSha256: sha256.optional(),
    profiles: z.record(z.string(), sha256).optional(),
    signer: z
      .string()
      .regex(SIGNER_PATTERN, 'the name of an audit key, or the SHA-256 of a factory CA in lower-case hex')
      .optional(),
  })
  .refine(({ products, profiles }) => profiles === undefined || isSameSet(products, Object.keys(profiles)), {
    path: ['profiles'],
    message: 'one digest for each product, and for nothing else',
  })
  .refine(({ opens, closes }) => opens < closes, {
    path: ['closes'],
    message: 'it closes before it opens',
  });

/** What the OEM allows a line to issue. Times are ISO 8601 in UTC with milliseconds. */
export interface Order {
  /** As in the column `order` of manifests. */
  readonly order: string;
  /** From 1. An order that is changed after a signer has seen it has a higher one. */
  readonly revision: number;
  readonly products: readonly string[];
  /** Units over all manifests of this order. */
  readonly quantity: number;
  /** Certificates beyond the first of a unit, over all units. */
  readonly reissues: number;
  readonly opens: string;
  /** First moment at which nothing is released or signed any more. */
  readonly closes: string;
  /** Of the one manifest that is meant, lower-case hex. */
  readonly manifestSha256?: string | undefined;
  /** Of the list of the serials that may be made, as `serialListText` writes it, lower-case hex. */
  readonly serialsSha256?: string | undefined;
  /** Of the certificate profile of each product, as `profileSha256` makes it, lower-case hex. */
  readonly profiles?: Readonly<Record<string, string>> | undefined;
  /**
   * The one signer that may use the order: the name of its audit key, or the SHA-256 of its factory CA's certificate,
   * lower-case hex.
   */
  readonly signer?: string | undefined;
}

/** An order whose signature is good. */
export interface SignedOrder extends Order {
  /** Of its text, lower-case hex. */
  readonly sha256: string;
  /** Name of the release key. */
  readonly signedBy: string;
}

/** The text of an order that is to be signed. Throws ORDER_INVALID naming each fault. */
export function orderText(order: Order): string {
  return canonicalText(checked({ kind: KIND, ...order }, `The order ${order.order}`));
}

/** Reads the text of an order, signed or not yet. `where` names it in errors. Throws ORDER_INVALID. */
export function parseOrderText(text: string, where: string): Order {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`${where} is not JSON: create it with "certline order create".`, 'json', error);
  }
  const { kind: _kind, ...order } = checked(value, where);
  return order;
}

/** The signed order as a file: its text, and below it the signature of the release key. Throws ORDER_INVALID. */
export function signOrder(order: Order, key: NoteVerifier, privateKey: KeyObject): string {
  return signNote(orderText(order), key, privateKey);
}

/**
 * The order in a signed file. Verified are the bytes of the text, unchanged; a text that is not in the one
 * form of its content is refused, so that no two programs can read it differently. Throws ORDER_INVALID.
 */
export function openOrder(file: string, trusted: readonly NoteVerifier[], where: string): SignedOrder {
  const signer = trusted.find((key) => openNote(file, key) !== undefined);
  const text = signer && openNote(file, signer);
  if (text === undefined) {
    const message = `${where} is not signed by a trusted release key, or was changed after it was signed: get it from the OEM again.`;
    throw invalid(message, 'signature');
  }
  const order = parseOrderText(text, where);
  if (orderText(order) !== text) {
    throw invalid(
      `${where} is signed, but not in the only form that Certline writes: sign it with "certline order sign".`,
      'form',
    );
  }
  return { ...order, sha256: sha256Hex(Buffer.from(text)), signedBy: signer!.name };
}

/** SHA-256 of the text that these terms were signed as; undefined where there can be no such text. */
export function textSha256(
  order: Order & { readonly sha256?: string; readonly signedBy?: string },
): string | undefined {
  const { order: id, revision, products, quantity, reissues, opens, closes, manifestSha256 } = order;
  const { serialsSha256, profiles, signer } = order;
  const named = { manifestSha256, serialsSha256, profiles, signer };
  try {
    const text = orderText({ order: id, revision, products, quantity, reissues, opens, closes, ...named });
    return sha256Hex(Buffer.from(text));
  } catch {
    return undefined;
  }
}

function checked(value: unknown, where: string): z.infer<typeof shape> {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'order'}: ${message}`);
  throw invalid(`${where} is not valid (${faults.join('; ')}): create it again.`, 'content');
}

function canonicalText(order: z.infer<typeof shape>): string {
  const { kind, order: id, revision, products, quantity, reissues, opens, closes, manifestSha256 } = order;
  const { serialsSha256, signer } = order;
  const profiles =
    order.profiles && Object.fromEntries(products.map((name) => [name, order.profiles?.[name]]));
  const terms = { kind, order: id, revision, products, quantity, reissues, opens, closes, manifestSha256 };
  return `${JSON.stringify({ ...terms, serialsSha256, profiles, signer }, undefined, 2)}\n`;
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const set = new Set(others);
  return new Set(some).size === set.size && some.every((each) => set.has(each));
}

function invalid(message: string, reason: string, cause?: unknown): PkiError {
  return new PkiError('ORDER_INVALID', message, { reason, cause });
}
