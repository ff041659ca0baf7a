import type { Random } from './random.ts';

/** Every identifier that the cluster makes up. */
export interface Ids {
  /** An object's uid: a version 4 UUID. */
  uid(): string;
  /**
   * The random end of a generated name, from upstream's alphabet without vowels and look-alikes
   * (k8s.io/apimachinery/pkg/util/rand).
   */
  nameSuffix(length?: number): string;
  /** A container's or sandbox's id: 64 hexadecimal digits. */
  containerId(): string;
}

const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const hex = '0123456789abcdef';

export class RandomIds implements Ids {
  constructor(readonly random: Random) {}

  uid(): string {
    const digits = this.random.stream('uid');
    const variant = '89ab'[digits.int(4)];
    const text = digits.text(hex, 30);
    return [text.slice(0, 8), text.slice(8, 12), `4${text.slice(12, 15)}`, variant + text.slice(15, 18), text.slice(18)].join('-');
  }

  nameSuffix(length = 5): string {
    return this.random.stream('names').text(nameAlphabet, length);
  }

  containerId(): string {
    return this.random.stream('containers').text(hex, 64);
  }
}

/** A UUID of version 4 made of 16 bytes. */
export function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
