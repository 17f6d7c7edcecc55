import type { Cloud, Product } from '../../provisioning/product.ts';
import { fillTemplate } from '../../provisioning/serial-template.ts';
import type { ProfileFault } from './template-faults.ts';

type CloudNames = Pick<Product, 'organization' | 'commonName'>;

/** Golioth documents no alphabet; its ids, and the names that its own tests use, keep to this. */
const GOLIOTH_ID = /^[A-Za-z0-9._-]+$/;
/** Azure DPS: alphanumerics and - . _ : with none of these at either end. */
const REGISTRATION_ID = /^[A-Za-z0-9](?:[A-Za-z0-9._:-]*[A-Za-z0-9])?$/;
/** AWS IoT, and nRF Cloud, which is built on it: at most 128 of these, which a common name never is. */
const THING_NAME = /^[A-Za-z0-9:_-]+$/;

/**
 * What each cloud requires of the names in a certificate. Serials are of A-Z, 0-9 and inner hyphens, so that they fit
 * all; what may not fit is the text around them.
 */
const RULES: Readonly<Record<Cloud, (names: CloudNames) => ProfileFault[]>> = {
  golioth: ({ organization, commonName }) => [
    ...faultUnless(
      GOLIOTH_ID.test(organization),
      'organization',
      'is not a Golioth project id: copy the id, not the name, from the settings of the project',
    ),
    ...faultUnless(
      GOLIOTH_ID.test(fillTemplate(commonName, 'A')),
      'commonName',
      'is not a Golioth certificate id: around {serial}, use only A-Z a-z 0-9 . _ -',
    ),
  ],
  'azure-dps': ({ commonName }) =>
    faultUnless(
      REGISTRATION_ID.test(fillTemplate(commonName, 'A')),
      'commonName',
      'is not a DPS registration id: begin and end with a letter or a digit, and around {serial}, use only A-Z a-z 0-9 . _ : -',
    ),
  'aws-iot': ({ commonName }) =>
    faultUnless(
      THING_NAME.test(fillTemplate(commonName, 'A')),
      'commonName',
      'is not a name of an AWS IoT thing: around {serial}, use only A-Z a-z 0-9 : _ - (no dot)',
    ),
  'nrf-cloud': ({ commonName }) =>
    faultUnless(
      THING_NAME.test(fillTemplate(commonName, 'A')),
      'commonName',
      'is not an id of a device at nRF Cloud: around {serial}, use only A-Z a-z 0-9 : _ - (no dot)',
    ),
};

/** What the product's cloud would not take of its names. */
export function cloudFaults(product: CloudNames & Pick<Product, 'cloud'>): ProfileFault[] {
  return product.cloud === undefined ? [] : RULES[product.cloud](product);
}

function faultUnless(holds: boolean, at: string, says: string): ProfileFault[] {
  return holds ? [] : [{ at, says }];
}
