/** Units in the example manifest, so that lot N begins where lot N - 1 ended. */
const LOT_UNITS = 24;

/**
 * Makes lot `lot` (from 1) of the example manifest: the order number is PO-1000 + lot, serials increase by 24 for each
 * lot. Lot 1 is the example itself.
 */
export function renumberExample(example: string, lot: number): string {
  if (!Number.isSafeInteger(lot) || lot < 1) throw new RangeError(`lot ${lot}: expected 1, 2, 3, …`);
  return example.replaceAll(
    /^PO-(\d+),CL-(\d+),/gm,
    (_row, order: string, serial: string) =>
      `PO-${counted(order, lot - 1)},CL-${counted(serial, LOT_UNITS * (lot - 1))},`,
  );
}

function counted(digits: string, by: number): string {
  return String(Number(digits) + by).padStart(digits.length, '0');
}
