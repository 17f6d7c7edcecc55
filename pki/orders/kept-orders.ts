import type { AdmittedOrder } from './order-desk.ts';

/** About 300 MB: as many as the longest list of one order has. */
const MOST_SERIALS = 5_000_000;

/** Orders whose files were read, so that they need not be read again for each unit. Those that were not asked for the longest time go first. */
export class KeptOrders {
  readonly #mostSerials: number;
  readonly #kept = new Map<string, { readonly look: string; readonly admitted: AdmittedOrder }>();
  #serials = 0;

  constructor(mostSerials = MOST_SERIALS) {
    this.#mostSerials = mostSerials;
  }

  /** The order, if its files still look as they did; else it is forgotten. */
  get(id: string, look: string | undefined): AdmittedOrder | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    this.#forget(id);
    if (kept.look !== look) return undefined;
    this.keep(id, look, kept.admitted);
    return kept.admitted;
  }

  /** Keeps the order, and of the others what there is room for. */
  keep(id: string, look: string, admitted: AdmittedOrder): void {
    this.#forget(id);
    this.#kept.set(id, { look, admitted });
    this.#serials += sizeOf(admitted);
    for (const oldest of this.#kept.keys()) {
      if (this.#serials <= this.#mostSerials || oldest === id) return;
      this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    this.#serials -= sizeOf(kept.admitted);
  }
}

/** An order without a list takes about as much as a hundred serials. */
function sizeOf({ serials }: AdmittedOrder): number {
  return 100 + (serials?.size ?? 0);
}
