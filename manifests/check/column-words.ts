import type { PlainColumn } from './column-names.ts';

/** What else people and ERP systems call a column, in the form in which names are compared, with `_` for spaces. */
const WORDS: Readonly<Record<PlainColumn, readonly string[]>> = {
  order: [
    'po',
    'purchase_order',
    'job',
    'work_order',
    'auftrag',
    'bestellung',
    'commande',
    'pedido',
    'ordine',
    'orden',
  ],
  serial: ['sn', 's/n', 'seriennummer', 'serien', 'numéro_de_série', 'número_de_serie', 'numero_di_serie'],
  product: [
    'part',
    'model',
    'item',
    'material',
    'sku',
    'article',
    'artikel',
    'produkt',
    'produit',
    'producto',
    'prodotto',
    'produto',
  ],
  board_id: ['board', 'pcb_id', 'hardware_id', 'hw_id', 'chip_id', 'device_id', 'board_id'],
};

const EAST_ASIAN: Readonly<Record<PlainColumn, readonly string[]>> = {
  order: ['订单', '订单号', '訂單', '注文', '注文番号', '주문', '주문번호'],
  serial: ['序列号', '序號', '序列號', 'シリアル', 'シリアル番号', '시리얼', '일련번호'],
  product: ['产品', '產品', '製品', '제품'],
  board_id: ['板号', '基板id', '보드id'],
};

/** What such a name ends with: a number, a name, a code. */
const ENDING = /_?(?:no|nr|num|number|nummer|name|code|id|#|№)?\.?$/;

/** The column that the name calls in another word: `Serial No.`, `PO Number`, `Seriennummer`; else undefined. */
export function calledColumn(name: string): PlainColumn | undefined {
  const plain = name.replaceAll('.', '');
  const stem = plain.replace(ENDING, '');
  const columns = Object.keys(WORDS) as PlainColumn[];
  return columns.find((column) => {
    const words = [...WORDS[column], ...EAST_ASIAN[column]];
    if (words.includes(plain) || plain === `${column}s`) return true;
    return column !== 'board_id' && (stem === column || stem === `${column}s` || words.includes(stem));
  });
}
