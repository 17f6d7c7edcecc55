import { encodeCborBehindHeader } from '../wire/smp-cbor.ts';
import { encodeSmpHeader, SMP_HEADER_BYTES, SMP_OP } from '../wire/smp-header.ts';
import type { SmpHeader, SmpVersion } from '../wire/smp-header.ts';
import type { SmpRequest } from '../wire/smp-request.ts';

/** A message ready to be sent: header and body. */
export interface EncodedRequest {
  readonly header: SmpHeader;
  readonly message: Uint8Array;
}

/** Puts requests into messages, each with a number of its own. */
export class RequestEncoder {
  version: SmpVersion;
  #sequence: number;

  constructor(version: SmpVersion, firstSequence: number) {
    this.version = version;
    this.#sequence = firstSequence;
  }

  encode<Parameters>(request: SmpRequest<Parameters, unknown>, parameters: Parameters): EncodedRequest {
    const message = encodeCborBehindHeader(request.encode(parameters), SMP_HEADER_BYTES);
    const header: SmpHeader = {
      op: SMP_OP[request.op],
      version: this.version,
      length: message.length - SMP_HEADER_BYTES,
      group: request.group,
      sequence: this.#sequence,
      id: request.id,
    };
    this.#sequence = (this.#sequence + 1) & 0xff;
    encodeSmpHeader(header, message);
    return { header, message };
  }
}
