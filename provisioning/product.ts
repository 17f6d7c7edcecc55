/** How the private key is stored on the device: SEC1 (RFC 5915) or PKCS#8 (RFC 5958), both DER. */
export type KeyEncoding = 'sec1' | 'pkcs8';

/**
 * Whether any blank board may become any serial of the product, or the manifest names the board of each serial by its
 * hardware id.
 */
export type Assignment = 'any-board' | 'listed-board';

/** What a device may use its key for (RFC 5280 §4.2.1.12). */
export type KeyPurpose = 'clientAuth' | 'serverAuth';

/** A cloud whose rules for names the certificates of a product keep. */
export type Cloud = 'golioth' | 'azure-dps' | 'aws-iot' | 'nrf-cloud';

/** Names beside the subject (RFC 5280 §4.2.1.6), one at least. Each has `{serial}`, where the unit's serial stands. */
export interface SubjectAltName {
  readonly uri?: string;
  /** RFC 4108 §5: `hwType` is a dotted object identifier of the maker's for the kind of hardware. */
  readonly hardwareModuleName?: { readonly hwType: string; readonly hwSerialNum: string };
}

/** What a board must say of itself to be one of the product. What is absent is not asked. */
export interface BoardMatch {
  /** Regular expression that is found in the system information of the firmware (all its fields, such as `uname -a`). */
  readonly osInfo?: string;
  /** First digits of the hardware id, hex. */
  readonly hardwareIdPrefix?: string;
  /**
   * Exact version: that of the running image, where the firmware has image management (MCUboot); else field `v` of the
   * system information.
   */
  readonly firmwareVersion?: string;
}

/**
 * What distinguishes a board from others where its firmware has no command for its hardware id. `file`: path of a file on the
 * board, which a station writes at its first look. `usb-serial`: the serial number of the board's own USB port.
 */
export type BoardIdentity = 'usb-serial' | { readonly file: string };

/** After its files are verified, a board restarts, so that its firmware reads them whole. */
export interface BoardRestart {
  /** Text of a line that the board prints within `seconds` after the restart; absent where none is waited for. */
  readonly untilLine?: string;
  readonly seconds: number;
}

/** What the line must know of a product; configuration, not constants, since firmware moved these paths before. */
export interface Product {
  readonly name: string;
  readonly assignment: Assignment;
  /** Subject O. For Golioth the project id: a wrong one shows only as a failed handshake. */
  readonly organization: string;
  /** Subject CN, with `{serial}` once. */
  readonly commonName: string;
  /** Absolute path of the key file on the device. */
  readonly keyPath: string;
  /** Absolute path of the certificate file on the device: the commit marker, written last. */
  readonly certificatePath: string;
  readonly keyEncoding: KeyEncoding;
  /** Days from issue, or 'forever': RFC 5280 §4.1.2.5's 99991231235959Z. */
  readonly validity: 'forever' | { readonly days: number };
  /** clientAuth alone where it is absent. */
  readonly extendedKeyUsage?: readonly KeyPurpose[];
  readonly subjectAltName?: SubjectAltName;
  /** Regular expression that every serial of the product matches as a whole. Absent where any serial is accepted. */
  readonly serialPattern?: string;
  /** Absent where any board in a socket of the product is taken for one. */
  readonly match?: BoardMatch;
  /** Absent where the shell of the board reports its hardware id. */
  readonly identity?: BoardIdentity;
  /** Absent where a board is left as it runs. */
  readonly restart?: BoardRestart;
  /** Absent where the product has no cloud, or any. */
  readonly cloud?: Cloud;
  /** Names of the device registries that must have its certificates, in this order; absent for none. */
  readonly registries?: readonly string[];
}
