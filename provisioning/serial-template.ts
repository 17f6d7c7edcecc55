import type { Product } from './product.ts';

/** The place of the unit's serial in a template. */
export const SERIAL_PLACE = '{serial}';

/**
 * The most characters of a filled template. Of the common name X.520's upper bound, which its serialNumber shares; RFC
 * 5280 and 4108 bound neither of the others, which may not make a certificate too large for small devices.
 */
export const TEMPLATE_BOUNDS = { commonName: 64, uri: 128, hwSerialNum: 64 } as const;

type TemplateName = keyof typeof TEMPLATE_BOUNDS;

/** A template of a product and the longest serial that it has room for; negative where its own text is too long. */
export interface SerialRoom {
  readonly name: TemplateName;
  readonly template: string;
  readonly longestSerial: number;
}

/** The template with the serial in its place. */
export function fillTemplate(template: string, serial: string): string {
  return template.replace(SERIAL_PLACE, () => serial);
}

/** The template of a product that has the least room for a serial: what fits there fits everywhere. */
export function tightestTemplate({
  commonName,
  subjectAltName: { uri, hardwareModuleName } = {},
}: Pick<Product, 'commonName' | 'subjectAltName'>): SerialRoom {
  const rooms = [
    roomIn('commonName', commonName),
    ...(uri === undefined ? [] : [roomIn('uri', uri)]),
    ...(hardwareModuleName === undefined ? [] : [roomIn('hwSerialNum', hardwareModuleName.hwSerialNum)]),
  ];
  return rooms.reduce((least, room) => (room.longestSerial < least.longestSerial ? room : least));
}

function roomIn(name: TemplateName, template: string): SerialRoom {
  const longestSerial = TEMPLATE_BOUNDS[name] - fillTemplate(template, '').length;
  return { name, template, longestSerial };
}
