import { createPrivateKey, createPublicKey, sign } from 'node:crypto';

export interface MadeRequest {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly emailAddresses?: readonly string[];
  /** IPv4 only. */
  readonly ipAddresses?: readonly string[];
}

/** PKCS #8 of an Ed25519 key is this and 32 bytes; its signatures are the same each time. */
const key = createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${'11'.repeat(32)}`, 'hex'), format: 'der', type: 'pkcs8' });

/** A certificate request as `spec.request` has it: base64 of PEM. `spoil` changes what is signed. For tests only. */
export function makeRequest(request: MadeRequest, spoil: (info: Buffer) => Buffer = (info) => info): string {
  const { commonName, organizations = [] } = request;
  const subject = [...organizations.map((one) => rdn('55040a', one)), ...(commonName === undefined ? [] : [rdn('550403', commonName)])];
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const info = wrap(0x30, wrap(0x02, Buffer.from([0])), wrap(0x30, ...subject), publicKey, wrap(0xa0, ...attributes(request)));
  const der = wrap(0x30, info, wrap(0x30, oid('2b6570')), wrap(0x03, Buffer.from([0]), sign(null, spoil(info), key)));
  return pemRequest(der);
}

export function pemRequest(der: Buffer, type = 'CERTIFICATE REQUEST'): string {
  return Buffer.from(`-----BEGIN ${type}-----\n${der.toString('base64')}\n-----END ${type}-----\n`).toString('base64');
}

function attributes({ dnsNames = [], emailAddresses = [], ipAddresses = [] }: MadeRequest): Buffer[] {
  const names = [
    ...dnsNames.map((one) => wrap(0x82, Buffer.from(one))),
    ...emailAddresses.map((one) => wrap(0x81, Buffer.from(one))),
    ...ipAddresses.map((one) => wrap(0x87, Buffer.from(one.split('.').map(Number)))),
  ];
  if (names.length === 0) return [];
  const extension = wrap(0x30, oid('551d11'), wrap(0x04, wrap(0x30, ...names)));
  return [wrap(0x30, oid('2a864886f70d01090e'), wrap(0x31, wrap(0x30, extension)))];
}

const oid = (hex: string): Buffer => wrap(0x06, Buffer.from(hex, 'hex'));
const rdn = (type: string, value: string): Buffer => wrap(0x31, wrap(0x30, oid(type), wrap(0x0c, Buffer.from(value))));

function wrap(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length: size } = content;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
