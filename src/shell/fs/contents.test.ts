import { expect, test } from 'vitest';
import { Contents } from './contents.ts';

const kib = 1024;

/** The same operations on a plain array, as the truth. */
class Plain {
  bytes = Buffer.alloc(0);
  resize(size: number): void {
    this.bytes = Buffer.concat([this.bytes.subarray(0, size), Buffer.alloc(Math.max(0, size - this.bytes.length))]);
  }
  write(data: Uint8Array, offset: number): void {
    if (offset + data.length > this.bytes.length) this.resize(offset + data.length);
    this.bytes.set(data, offset);
  }
}

test('contents are the same whatever pieces they are kept in', () => {
  let state = 7;
  const random = (limit: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % limit;
  };
  for (let round = 0; round < 30; round += 1) {
    const [contents, plain] = [new Contents(), new Plain()];
    for (let i = 0; i < 40; i += 1) {
      if (random(4) === 0) {
        const size = random(300 * kib);
        contents.resize(size);
        plain.resize(size);
      } else {
        const data = Buffer.alloc(random(5) === 0 ? random(150 * kib) : random(100), random(3));
        const offset = random(plain.bytes.length + kib);
        contents.write(data, offset);
        plain.write(data, offset);
      }
      expect(contents.size).toBe(plain.bytes.length);
      expect(Buffer.compare(contents.all(), plain.bytes)).toBe(0);
      const [from, length] = [random(300 * kib), random(100 * kib)];
      expect(Buffer.compare(contents.read(from, length), plain.bytes.subarray(from, from + length))).toBe(0);
    }
  }
});

test('what is filled in stays shared until it is written over', () => {
  const shared = Buffer.from('image');
  const contents = new Contents();
  contents.fill(shared);
  expect(contents.all().buffer).toBe(shared.buffer);
  contents.write(Buffer.alloc(100 * kib, 1), 5);
  expect(shared.toString()).toBe('image');
  expect(Buffer.from(contents.read(0, 6)).toString('latin1')).toBe('image\u0001');
});
