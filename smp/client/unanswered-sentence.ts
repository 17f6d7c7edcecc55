import type { LinkStatistics } from './exchange.ts';
import type { SmpErrorCode } from '../smp-error.ts';
import type { Sightings } from '../text/sightings.ts';

const BY_DAMAGE: Partial<Record<SmpErrorCode, string>> = {
  SMP_CRC: 'answers arrive damaged: check cable, ground and baud rate',
  SMP_SHORT_FRAME: 'answers arrive incomplete: check cable and flow control',
  SMP_WRONG_COMMAND: 'answers arrive that belong to another request: is another program using this port?',
};

/** Why there is no answer, as far as what came instead shows it; for a person. */
export function unansweredSentence(
  code: SmpErrorCode,
  sightings: Sightings,
  statistics: Readonly<LinkStatistics>,
  unanswered: number,
): string {
  const { seen, faultText } = sightings;
  if (faultText !== '') return `the firmware has crashed, it says "${faultText}": reset the board`;
  if (seen.includes('echo')) {
    return 'what is sent comes back: is RX joined to TX, or is there a console that repeats what is typed, and no MCUmgr?';
  }
  if (seen.includes('garbage')) {
    return 'bytes arrive that are neither SMP nor text: is it the right baud rate? Check ground and cable, too';
  }
  return BY_DAMAGE[code] ?? silence(sightings, statistics, unanswered);
}

function silence(sightings: Sightings, { messages }: Readonly<LinkStatistics>, unanswered: number): string {
  const { seen } = sightings;
  if (messages > 0) {
    return `no answer, although the board has answered ${messages} times before: it is busy, or has stopped (unanswered requests: ${unanswered})`;
  }
  if (seen.includes('console')) {
    return `a console is on this port ("${sightings.lastLine}"), and no SMP server behind it: switch on CONFIG_MCUMGR_TRANSPORT_SHELL, or use the port of CONFIG_MCUMGR_TRANSPORT_UART`;
  }
  if (seen.includes('text')) {
    return `there is text on this port ("${sightings.lastLine}"), but no SMP server: is it the right port, and is MCUmgr in the firmware?`;
  }
  return 'no answer: is the board powered, is it the right port and baud rate?';
}
