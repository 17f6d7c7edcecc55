// What this folder offers to others; README.md says what it is for.
export { openClient } from './client/open-client.ts';
export type { OpenClientOptions, OpenedClient } from './client/open-client.ts';
export { SmpClient } from './client/client.ts';
export type { SmpClientOptions } from './client/client.ts';
export type { RequestOptions } from './client/ask-until-answered.ts';
export type { FirmwareLimits, LimitMemory } from './client/message-limit.ts';
export type { TraceEvent, TraceOptions } from './client/tracer.ts';

export type { Link } from './links/link.ts';
export { openSerialLink } from './links/serial-link.ts';
export type { SerialLinkOptions } from './links/serial-link.ts';
export { listSerialPorts } from './links/serial-ports.ts';
export type { SerialPortInfo } from './links/serial-ports.ts';
export { CONSOLE_FRAMING } from './framing/console-framing.ts';
export { RAW_FRAMING } from './framing/raw-framing.ts';

export { writeFile } from './files/write-file.ts';
export type { WriteFileOptions } from './files/write-file.ts';
export { readFile } from './files/read-file.ts';
export type { ReadFileOptions } from './files/read-file.ts';
export { fileSize } from './files/file-size.ts';
export { hashFile } from './files/hash-file.ts';
export type { HashedFile, HashType } from './files/hash-file.ts';
export { closeFile } from './files/close-file.ts';
export { listDirectory } from './files/list-directory.ts';
export type { DirectoryEntry, DirectoryListing } from './files/list-directory.ts';
export { makeDirectory } from './files/make-directory.ts';
export { removeFile } from './files/remove-file.ts';
export { readHardwareId } from './hardware-id.ts';
export type { HardwareIdOptions, HardwareIdWay } from './hardware-id.ts';

export { exec } from './shell/exec.ts';
export { typeCommand } from './shell/type-command.ts';
export type { TypedResult } from './shell/type-command.ts';
export type { ShellResult } from './requests/shell-requests.ts';

export { OS_BOOTLOADER, OS_ECHO, OS_INFO, OS_PARAMETERS, OS_RESET } from './requests/os-requests.ts';
export { IMAGE_STATE } from './requests/image-requests.ts';
export { SETTINGS_READ } from './requests/settings-requests.ts';
export { ENUMERATION_DETAILS, ENUMERATION_LIST } from './requests/enumeration-requests.ts';
export type { SmpRequest } from './wire/smp-request.ts';

export { isSmpError, SmpError, SMP_ERROR_CODES } from './smp-error.ts';
export type { FileKnowledge, SmpErrorCode } from './smp-error.ts';
export type { DeviceError } from './device-error.ts';
export type { Seen } from './text/sightings.ts';
