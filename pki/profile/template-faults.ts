import { fillTemplate, SERIAL_PLACE } from '../../provisioning/serial-template.ts';

/** What is wrong with a profile: the field (dots between the names), and what is right there. */
export interface ProfileFault {
  readonly at: string;
  readonly says: string;
}

/** What is wrong with any template: it must have the serial once, and room for one within `bound` characters. */
export function templateFaults(at: string, template: string, bound: number): ProfileFault[] {
  const places = template.split(SERIAL_PLACE).length - 1;
  if (places === 0)
    return [{ at, says: `has no ${SERIAL_PLACE}, so all units would have the same name: add it` }];
  if (places > 1) return [{ at, says: `has ${SERIAL_PLACE} ${places} times: write it once` }];
  const literal = fillTemplate(template, '').length;
  const says = `has ${literal} characters around ${SERIAL_PLACE}, which leaves no room for a serial in ${bound}: shorten it`;
  return literal < bound ? [] : [{ at, says }];
}
