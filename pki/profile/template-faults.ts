import { fillTemplate, SERIAL_PLACE } from '../../provisioning/serial-template.ts';

/** What is wrong with a profile: the field (dots between the names), and what is right there. */
export interface ProfileFault {
  readonly at: string;
  readonly says: string;
}

/** What is wrong with any template: it must have the serial once, and room for one within `bound` characters. */
export function templateFaults(at: string, template: string, bound: number): ProfileFault[] {
  const places = template.split(SERIAL_PLACE).length - 1;
  if (places === 0) return [{ at, says: `lacks ${SERIAL_PLACE}: all units would have the same` }];
  if (places > 1) return [{ at, says: `has ${SERIAL_PLACE} ${places} times, not once` }];
  const literal = fillTemplate(template, '').length;
  const says = `has ${literal} characters around ${SERIAL_PLACE}, which leaves no room for one in ${bound}`;
  return literal < bound ? [] : [{ at, says }];
}
